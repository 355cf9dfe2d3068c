// The inventory: summary and filters, search, sorting, pages, keys; and the way to a workflow and back.

const PAGE = 100;
const ROWS = [...document.querySelectorAll("script.row")].map((s) => JSON.parse(s.textContent));
const SUMMARY = JSON.parse(document.querySelector("script.summary").textContent);
const FACETS = [
  { id: "severity", title: "Findings", of: (r) => SEVERITIES.filter((_, s) => r.count[s]),
    weight: (r, value) => r.count[SEVERITIES.indexOf(value)], values: [...SEVERITIES].reverse(), words: (v) => v },
  { id: "tier", title: "Workflows by tier", of: (r) => [TIERS[r.tier]], weight: () => 1, values: [...TIERS].reverse(),
    words: (v) => `${v === "opaque" ? v : `tier ${v}`}`, more: (v) => TIER_WORDS[TIERS.indexOf(v)] },
  { id: "platform", title: "Workflows by platform", of: (r) => [r.platform], weight: () => 1,
    values: [...new Map(ROWS.map((r) => [r.platform, r.title])).keys()], words: (v) => ROWS.find((r) => r.platform === v).title },
];
const COLUMNS = [
  { id: "findings", title: "Findings", key: (r) => [...[4, 3, 2, 1, 0].map((s) => -r.count[s]), r.access ? 0 : 1, -r.tier] },
  { id: "name", title: "Workflow", key: (r) => r.name.toLowerCase() },
  { id: "platform", title: "Platform", key: (r) => r.title.toLowerCase() },
  { id: "tier", title: "Tier", key: (r) => -r.tier },
  { id: "can", title: "Can change", key: (r) => [-r.kinds.length, r.kinds.join()] },
  { id: "trigger", title: "Started by", key: (r) => [r.open ? 0 : 1, r.trigger] },
  { id: "gate", title: "Approval", key: (r) => [r.gate === "n/a" ? 1 : 0, r.gate] },
];
const state = { query: "", chosen: { severity: new Set(), tier: new Set(), platform: new Set() }, changing: false,
  sort: "findings", down: false, page: 0, row: 0, found: ROWS.map((_, i) => i) };

// The folder that all files lie in: told once instead of in every row.
const COMMON = ROWS.reduce((common, row) => {
  let n = 0;
  while (n < common.length && common[n] === row.path[n]) n++;
  return common.slice(0, n);
}, ROWS.length ? ROWS[0].path : "").replace(/[^/\\]*$/, "");

let pages = null;
function rulePages() {
  pages = pages || JSON.parse(document.querySelector("script.rules").textContent);
  return pages;
}

// What search looks at: made when it is first needed.
function haystack(row) {
  row.text = row.text || [row.name, row.id, row.path, row.platform, row.title, row.trigger, GATES[row.gate], row.gate,
    row.access && "access-changing", row.open && "open", row.off && "off", TIERS[row.tier], ...row.systems, ...row.others, ...row.kinds, ...row.rules]
    .filter((w) => w).join("\n").toLowerCase();
  return row.text;
}

function find() {
  const words = state.query.toLowerCase().split(/\s+/).filter((w) => w);
  const fits = (row) => (!state.changing || row.access)
    && FACETS.every((f) => !state.chosen[f.id].size || f.of(row).some((v) => state.chosen[f.id].has(v)))
    && words.every((w) => haystack(row).includes(w));
  const order = ROWS.map((_, i) => i).filter((i) => fits(ROWS[i]));
  const { key } = COLUMNS.find((c) => c.id === state.sort);
  const keys = new Map(order.map((i) => [i, [key(ROWS[i])].flat()]));
  order.sort((a, b) => compare(keys.get(a), keys.get(b)) || a - b);
  state.found = state.down ? order.reverse() : order;
}

function compare(a, b) {
  for (let i = 0; i < a.length; i++) {
    const less = typeof a[i] === "number" ? a[i] - b[i] : a[i].localeCompare(b[i]);
    if (less) return less;
  }
  return 0;
}

function search() {
  find();
  state.page = state.row = 0;
  drawList();
}

function drawHead() {
  const changing = ROWS.filter((r) => r.access).length;
  byId("headline").textContent =
    `${plural(ROWS.length, "workflow")} in ${plural(SUMMARY.files, "file")}: ${number(changing)} can change access`;
  const findings = ROWS.reduce((sum, r) => sum + r.count.reduce((a, b) => a + b, 0), 0);
  const faulty = ROWS.filter((r) => r.count.some((n) => n)).length;
  byId("told").replaceChildren(findings ? `${plural(findings, "finding")} in ${plural(faulty, "workflow")}` : "No findings",
    SUMMARY.unreadable ? `; ${plural(SUMMARY.unreadable, "file")} could not be read.` : ".",
    ...(COMMON ? [" All in ", h("code", {}, COMMON)] : []));
  byId("changing").textContent = `Only what can change access (${number(changing)})`;
  byId("foot").textContent = `countersign ${SUMMARY.version} · everything here is derived from the definitions; nothing was run`;
}

function drawFacets() {
  byId("facets").replaceChildren(...FACETS.map((facet) => {
    const sums = facet.values.map((v) => ROWS.reduce((n, r) => n + (facet.of(r).includes(v) ? facet.weight(r, v) : 0), 0));
    const most = Math.max(1, ...sums);
    const values = facet.values.map((v, i) => [v, sums[i]]).filter(([v, n]) => n > 0 || facet.id === "tier");
    if (facet.id === "platform") values.sort((a, b) => b[1] - a[1]);
    const one = ([value, sum]) => {
      const bar = h("span", { class: `share ${facet.id === "severity" ? value : facet.id}` });
      bar.style.inlineSize = `${(100 * sum) / most}%`;
      const toggle = h("button", { type: "button", "aria-pressed": String(state.chosen[facet.id].has(value)), disabled: sum === 0,
        on: { click: () => choose(facet, value, toggle) } },
      h("span", { class: "value" }, facet.words(value), facet.more && h("small", {}, facet.more(value))),
      h("span", { class: "sum" }, number(sum)), h("span", { class: "rail", "aria-hidden": "true" }, bar));
      return h("li", {}, toggle);
    };
    return h("section", { class: `facet ${facet.id}`, "aria-label": `${facet.title}: filter` }, h("h2", {}, facet.title),
      values.length ? h("ul", {}, values.map(one)) : h("p", { class: "dim" }, "none"));
  }));
}

function choose(facet, value, toggle) {
  const chosen = state.chosen[facet.id];
  if (!chosen.delete(value)) chosen.add(value);
  toggle.setAttribute("aria-pressed", String(chosen.has(value)));
  search();
}

function changing(only) {
  state.changing = only;
  byId("changing").setAttribute("aria-pressed", String(only));
}

function drawColumns() {
  byId("columns").replaceChildren(...COLUMNS.map((column) => {
    const sorted = state.sort === column.id;
    const sort = sorted ? (state.down ? "descending" : "ascending") : "none";
    const click = () => {
      state.down = sorted && !state.down;
      state.sort = column.id;
      search();
      drawColumns();
      byId("columns").querySelector(`[data-column=${column.id}]`).focus();
    };
    return h("th", { scope: "col", role: "columnheader", "aria-sort": sort }, button(column.title, { "data-column": column.id }, click),
      sorted && h("span", { "aria-hidden": "true" }, state.down ? " ▲" : " ▼"));
  }));
}

function drawList(all) {
  const from = all ? 0 : state.page * PAGE;
  const shown = state.found.slice(from, all ? undefined : from + PAGE);
  byId("rows").replaceChildren(...shown.map((i, n) => listRow(ROWS[i], i, n === state.row)));
  const filtered = state.found.length < ROWS.length;
  byId("matches").textContent = !ROWS.length ? "There are no workflows here."
    : filtered ? `${number(state.found.length)} of ${plural(ROWS.length, "workflow")}` : `All ${plural(ROWS.length, "workflow")}`;
  byId("clear").hidden = !filtered && !state.query;
  drawPager();
}

function listRow(row, index, current) {
  const cell = (column, ...children) => h("td", { role: "cell", "data-title": COLUMNS[column].title }, ...children);
  return h("tr", { role: "row" },
    cell(0, row.count.some((n) => n) ? h("span", { class: "counts" }, counts(row)) : h("span", { class: "dim" }, "none")),
    cell(1, h("a", { href: `#/${index + 1}`, tabindex: current ? "0" : "-1" }, h("bdi", {}, row.name || row.id || "(no name)")),
      row.off && h("span", { class: "tag" }, "off"), h("small", { class: "path" }, h("bdi", {}, row.path.slice(COMMON.length)))),
    cell(2, row.title), cell(3, tierBadge(row)),
    cell(4, row.kinds.length ? [row.kinds.join(", "), h("small", {}, row.systems.slice(0, 4).join(", "))] : h("span", { class: "dim" }, "nothing")),
    cell(5, TRIGGERS[row.trigger] || row.trigger || h("span", { class: "dim" }, "nothing"), row.open && h("small", { class: "gate broken" }, "open to anyone")),
    cell(6, gateBadge(row.gate) || h("span", { class: "dim" }, "–")));
}

function drawPager() {
  const last = Math.max(0, Math.ceil(state.found.length / PAGE) - 1);
  const go = (page, id) => { turn(page, 0); const b = byId(id); (b.disabled ? links()[0] : b).focus(); };
  byId("pager").replaceChildren(...(last === 0 ? [] : [
    button("← Previous", { id: "previous", disabled: state.page === 0 }, () => go(state.page - 1, "previous")),
    h("span", {}, `Page ${state.page + 1} of ${last + 1}`),
    button("Next →", { id: "next", disabled: state.page === last }, () => go(state.page + 1, "next"))]));
}

function turn(page, row) {
  state.page = page;
  state.row = row;
  drawList();
}

function links() {
  return [...byId("rows").querySelectorAll("a")];
}

function focusRow(n) {
  const all = links();
  const last = Math.ceil(state.found.length / PAGE) - 1;
  if (n < 0 && state.page > 0) { turn(state.page - 1, PAGE - 1); return focusRow(PAGE - 1); }
  if (n >= all.length && state.page < last) { turn(state.page + 1, 0); return focusRow(0); }
  const at = Math.max(0, Math.min(n, all.length - 1));
  if (!all[at]) return;
  all.forEach((a, i) => a.setAttribute("tabindex", i === at ? "0" : "-1"));
  state.row = at;
  all[at].focus();
}

function listKeys(event) {
  const at = links().indexOf(event.target);
  if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 10, PageUp: Math.max(0, at - 10), Home: 0, End: links().length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  if (to < 0 && state.page === 0) byId("query").focus();
  else focusRow(to);
}

function pageKeys(event) {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    if (!byId("detail").hidden) { location.hash = "#/"; route(); }
    byId("query").focus();
    byId("query").select();
  } else if (event.key === "Escape" && !byId("detail").hidden) {
    location.hash = "#/";
  } else if (event.key === "Escape" && typing) {
    if (state.query) { byId("query").value = state.query = ""; search(); } else event.target.blur();
  } else if (typing && (event.key === "ArrowDown" || event.key === "Enter")) {
    event.preventDefault();
    focusRow(state.row);
  }
}

// Files that hold no workflow, could not be read, or have ignores: closed until somebody asks.
function drawOthers() {
  const section = (title, list) => {
    const details = h("details", {}, h("summary", {}, h("h2", {}, title)));
    details.addEventListener("toggle", () => { if (!details.querySelector("ul")) details.append(list()); });
    return details;
  };
  const others = Object.entries(SUMMARY.others).sort((a, b) => b[1].length - a[1].length);
  const count = others.reduce((n, [, paths]) => n + paths.length, 0);
  const found = [];
  if (SUMMARY.problems.length) {
    found.push(section(`Problems with files (${number(SUMMARY.problems.length)})`, () => h("ul", {}, SUMMARY.problems.map((p) =>
      h("li", {}, h("code", {}, p.line ? `${p.path}:${p.line}` : p.path), " ", p.message)))));
  }
  if (count) {
    found.push(section(`Files that hold no workflow (${number(count)})`, () => h("ul", {}, others.map(([reason, paths]) =>
      h("li", {}, h("strong", {}, `${number(paths.length)} × ${reason}`), h("ul", {}, paths.map((p) => h("li", {}, h("code", {}, p)))))))));
  }
  if (SUMMARY.ignores.length) {
    found.push(section(`Ignores (${number(SUMMARY.ignores.length)})`, () => h("ul", {}, SUMMARY.ignores.map((n) =>
      h("li", {}, h("code", {}, n.rule), ` ${n.about}: ${n.status}, ${plural(n.findings, "finding")}, until ${n.expires}. ${n.reason} `,
        h("span", { class: "dim" }, n.place))))));
  }
  byId("others").replaceChildren(...found);
}

let details = null, scrolled = 0;
function route() {
  const wanted = /^#\/(\d*)$/.exec(location.hash);
  if (!wanted && location.hash) return;
  const index = wanted && wanted[1] ? Number(wanted[1]) - 1 : -1;
  const place = byId("detail"), overview = byId("overview");
  if (!ROWS[index]) {
    const back = !place.hidden;
    place.hidden = true;
    place.replaceChildren();
    overview.hidden = false;
    document.title = "Countersign report";
    if (back) { focusRow(state.row); scrollTo(0, scrolled); }
    return;
  }
  if (!overview.hidden) scrolled = scrollY;
  overview.hidden = true;
  place.hidden = false;
  details = details || document.querySelectorAll("script.detail");
  const heading = showDetail(place, ROWS[index], JSON.parse(details[index].textContent), rulePages, around(index));
  document.title = plain(`${ROWS[index].name} – Countersign report`);
  scrollTo(0, 0);
  heading.focus({ preventScroll: true });
}

// Links to the list and to the workflows before and after, in the order of the list.
function around(index) {
  const at = state.found.indexOf(index);
  if (at >= 0) { state.page = Math.floor(at / PAGE); state.row = at % PAGE; drawList(); }
  const link = (n, text) => state.found[n] !== undefined && at >= 0 && h("a", { href: `#/${state.found[n] + 1}`, class: "quiet" }, text);
  return [h("a", { href: "#/", class: "quiet" }, "← All workflows"), h("span", { class: "space" }),
    link(at - 1, "Previous"), at >= 0 && h("span", { class: "dim" }, `${number(at + 1)} of ${number(state.found.length)}`), link(at + 1, "Next")];
}

function printed() {
  if (byId("detail").hidden) drawList(true);
  document.querySelectorAll("#detail details").forEach((d) => { d.open = true; });
}

byId("query").addEventListener("input", (event) => { state.query = event.target.value; search(); });
byId("clear").addEventListener("click", () => {
  byId("query").value = state.query = "";
  Object.values(state.chosen).forEach((set) => set.clear());
  changing(false);
  drawFacets();
  search();
  byId("query").focus();
});
byId("changing").addEventListener("click", () => { changing(!state.changing); search(); });
byId("rows").addEventListener("keydown", listKeys);
byId("rows").addEventListener("click", (event) => {
  const row = event.target.closest("tr");
  if (row && !event.target.closest("a") && !String(getSelection())) row.querySelector("a").click();
});
document.addEventListener("keydown", pageKeys);
addEventListener("hashchange", route);
addEventListener("beforeprint", printed);
addEventListener("afterprint", () => drawList());
find();
drawHead();
drawFacets();
drawColumns();
drawList();
drawOthers();
route();
