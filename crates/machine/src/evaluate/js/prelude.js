// n8n's names and the methods that it adds to values, where its documentation says what they give. `__data` holds what
// the names stand for; anything that depends on a clock or on chance is taken out.
"use strict";
delete globalThis.Date;
delete Math.random;
const __names = {};
const __item = (json) => ({ json });
const __node = (found) => ({
  get item() { return __item(found.item); },
  get json() { return found.item; },
  first: () => __item(found.all[0]),
  last: () => __item(found.all[found.all.length - 1]),
  all: () => found.all.map(__item),
});
for (const [name, value] of Object.entries(__data.names)) __names[name] = value;
if (__data.input) __names.$input = __node(__data.input);
__names.$ = (name) => __node(__data.nodes[name]);
__names.$node = Object.fromEntries(Object.entries(__data.nodes).map(([k, v]) => [k, __node(v)]));
__names.$if = (condition, yes, no) => (condition ? yes : no);
__names.$ifEmpty = (value, other) => {
  const empty = value === undefined || value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
  return empty ? other : value;
};
__names.$min = Math.min;
__names.$max = Math.max;
const __add = (prototype, methods) => {
  for (const [name, method] of Object.entries(methods)) {
    if (!(name in prototype)) Object.defineProperty(prototype, name, { value: method, enumerable: false });
  }
};
__add(Object.prototype, {
  isEmpty() { return Object.keys(this).length === 0; },
  isNotEmpty() { return Object.keys(this).length > 0; },
  hasField(name) { return Object.keys(this).includes(name); },
  keys() { return Object.keys(this); },
  values() { return Object.values(this); },
  toJsonString() { return JSON.stringify(this); },
});
__add(Array.prototype, {
  first() { return this[0]; },
  last() { return this[this.length - 1]; },
  compact() { return this.filter((v) => v !== null && v !== undefined && v !== ""); },
  pluck(...names) { return names.length === 1 ? this.map((v) => v[names[0]]) : this.map((v) => Object.fromEntries(names.map((n) => [n, v[n]]))); },
  sum() { return this.reduce((a, b) => a + b, 0); },
  average() { return this.reduce((a, b) => a + b, 0) / this.length; },
  max() { return Math.max(...this); },
  min() { return Math.min(...this); },
  chunk(size) { const out = []; for (let i = 0; i < this.length; i += size) out.push(this.slice(i, i + size)); return out; },
});
__add(String.prototype, {
  isEmpty() { return this.length === 0; },
  isNotEmpty() { return this.length > 0; },
  urlEncode() { return encodeURIComponent(this); },
  urlDecode() { return decodeURIComponent(this); },
  isNumeric() { return this.trim() !== "" && !Number.isNaN(Number(this)); },
  parseJson() { return JSON.parse(this); },
  quote(mark = '"') { return mark + this + mark; },
});
__add(Number.prototype, {
  isEven() { return this % 2 === 0; },
  isOdd() { return Math.abs(this % 2) === 1; },
  isInteger() { return Number.isInteger(Number(this)); },
  floor() { return Math.floor(this); },
  ceil() { return Math.ceil(this); },
  abs() { return Math.abs(this); },
});
__add(Boolean.prototype, { toNumber() { return this == true ? 1 : 0; } });
