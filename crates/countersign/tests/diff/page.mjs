// Drives a browser over the page of a difference: node page.mjs PAGE TOOLS CHROMIUM [FOLDER-FOR-PICTURES]. Ends with 1 and
// says what is wrong.
import assert from "node:assert/strict";
import { browse } from "../common/browse.mjs";
import path from "node:path";

const { browser, open, errors, requests, axe, further } = await browse(".workflow[open] .content", { width: 1400, height: 1000 });
const [pictures] = further;

async function opened(tab, name) {
  const place = tab.locator(".workflow", { has: tab.locator("summary h2", { hasText: name }) }).first();
  if (!(await place.evaluate((p) => p.open))) await place.locator("summary").first().click();
  await place.locator(".content").waitFor();
  return place;
}

const checks = {
  async "says how many workflows do something else, the worst first and open"(tab) {
    assert.equal(await tab.textContent("#headline"), "3 workflows do something else now");
    const names = await tab.locator(".workflow > summary h2").allTextContents();
    assert.equal(names.length, 4);
    assert.match(names[3], /Leaves!/, "what is only called otherwise comes last");
    assert.equal(await tab.locator(".workflow[open]").count(), 1);
  },

  async "shows both graphs, with the walk before and after"(tab) {
    const place = await opened(tab, "Pricing role request");
    assert.equal(await place.locator(".both svg[role=img]").count(), 2);
    const half = (n) => place.locator(`.both section >> nth=${n}`);
    const change = place.locator(".change.worse", { hasText: "no answer in time" }).first();
    assert.match(await change.textContent(), /before.*Role asked for.*after.*timeout/s);
    await change.locator("button").click();
    assert.equal(await change.locator("button").getAttribute("aria-pressed"), "true");
    assert.equal(await place.locator("[aria-pressed=true]").count(), 1);
    for (const n of [0, 1]) assert.ok(await half(n).locator(".edge.passed").count() > 0, "the walk is marked");
    assert.ok(await half(1).locator(".node.changed").count() > 0);
    for (const title of ["Proofs lost", "New findings", "What the changed steps touch"]) {
      assert.equal(await place.locator("h3", { hasText: title }).count(), 1, title);
    }
    assert.match(await place.locator(".touches").textContent(), /Identities.*trigger\.personId/s);
  },

  async "marks what is gone before and what is new after"(tab) {
    const place = await opened(tab, "reset password");
    assert.ok(await place.locator(".both section >> nth=0").locator(".node.went").count() > 0);
    assert.ok(await place.locator(".both section >> nth=1").locator(".node.came").count() > 0);
    assert.match(await place.locator("details").textContent(), /is now called/);
  },

  async "what a workflow is called stays text"(tab) {
    assert.equal(await tab.title(), "Countersign difference");
    assert.equal(await tab.locator("img").count(), 0);
  },

  async "keys alone are enough"(tab) {
    await tab.keyboard.press("j");
    const focused = () => tab.evaluate(() => document.activeElement.tagName + " " + document.activeElement.textContent);
    assert.match(await focused(), /^SUMMARY/);
    const first = await focused();
    await tab.keyboard.press("j");
    assert.notEqual(await focused(), first);
    await tab.keyboard.press("Enter");
    await tab.waitForFunction(() => document.activeElement.parentElement.open);
    assert.equal(await tab.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), "solid", "the focus is visible");
  },
};

async function accessible(name, options) {
  const tab = await open(options);
  await tab.evaluate(() => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
  await tab.waitForFunction(() => [...document.querySelectorAll(".workflow")].every((w) => w.querySelector(".content")));
  await tab.evaluate(axe);
  const runOnly = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] };
  const found = await tab.evaluate((only) => window.axe.run(document, { runOnly: only }), runOnly);
  const told = found.violations.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.target} ${n.failureSummary}`).join("; ")}`);
  assert.deepEqual(told, [], name);
  const wide = await tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${name}: the page is ${wide} pixels too wide`);
  if (pictures) await tab.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
}

for (const [name, check] of Object.entries(checks)) {
  await check(await open());
  console.log(`ok: ${name}`);
}
for (const [name, options] of Object.entries({
  light: { colorScheme: "light" }, dark: { colorScheme: "dark" }, small: { viewport: { width: 390, height: 844 } } })) {
  await accessible(name, options);
  console.log(`ok: accessible, ${name}`);
}
assert.deepEqual(errors, []);
assert.deepEqual(requests, [], "the page asked for something");
await browser.close();
