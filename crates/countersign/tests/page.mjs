// Drives a browser over the page: node page.mjs PAGE TOOLS CHROMIUM. Ends with 1 and says what is wrong.
import assert from "node:assert/strict";
import { browse } from "./common/browse.mjs";

const { browser, open, errors, requests, axe } = await browse("#rows tr", { width: 1280, height: 900 });

const checks = {
  async "the inventory has a summary and pages"(tab) {
    assert.match(await tab.textContent("#headline"), /^132 workflows in 134 files: 2 can change access$/);
    assert.equal(await tab.locator("#rows tr").count(), 100);
    await tab.click("#next");
    assert.equal(await tab.locator("#rows tr").count(), 32);
  },

  async "search looks at names, paths, systems, effects, rules and platforms"(tab) {
    const queries = [["join the TEAM", 1], ["risky.json", 1], ["okta grant", 2], ["unapproved-change", 2],
      ["n8n report", 130], ["nothing such", 0]];
    for (const [query, found] of queries) {
      await tab.fill("#query", query);
      assert.equal(await tab.textContent("#matches"), `${found} of 132 workflows`, query);
    }
    await tab.click("#clear");
    assert.equal(await tab.textContent("#matches"), "All 132 workflows");
  },

  async "filters and sorting"(tab) {
    await tab.click(".facet.severity button >> nth=0");
    assert.equal(await tab.locator("#rows tr").count(), 2);
    await tab.click("#clear");
    await tab.click(".facet.tier button:has-text('tier 0')");
    assert.equal(await tab.textContent("#matches"), "130 of 132 workflows");
    await tab.click("#clear");
    await tab.click("#changing");
    assert.equal(await tab.locator("#rows tr").count(), 2);
    await tab.click("#clear");
    await tab.click("[data-column=name]");
    await tab.click("[data-column=name]");
    assert.match(await tab.textContent("#rows tr >> nth=0"), /Report 99/);
    assert.equal(await tab.getAttribute("th:has([data-column=name])", "aria-sort"), "descending");
  },

  async "keys alone are enough"(tab) {
    const focused = () => tab.evaluate(() => document.activeElement.id || document.activeElement.textContent);
    await tab.keyboard.press("/");
    assert.equal(await focused(), "query");
    await tab.keyboard.type("report");
    await tab.keyboard.press("ArrowDown");
    assert.match(await focused(), /^Report/);
    await tab.keyboard.press("ArrowDown");
    const second = await focused();
    const outline = await tab.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, "solid", "the focus is visible");
    await tab.keyboard.press("Enter");
    await tab.waitForSelector("#detail h1");
    assert.equal(await tab.textContent("#detail h1"), second);
    assert.equal(await focused(), "name");
    await tab.keyboard.press("Escape");
    await tab.waitForSelector("#overview:not([hidden])");
    assert.equal(await focused(), second);
    await tab.keyboard.press("End");
    await tab.keyboard.press("ArrowDown");
    assert.match(await tab.textContent("#pager"), /Page 2 of 2/);
    await tab.keyboard.press("/");
    await tab.keyboard.press("Escape");
    assert.equal(await tab.inputValue("#query"), "");
  },

  async "the path of a finding is marked in the graph"(tab) {
    await tab.click("a:has-text('Join the team')");
    await tab.waitForSelector("#detail svg");
    assert.equal(await tab.locator(".node").count(), 4);
    assert.equal(await tab.locator(".node.fault").count(), 1);
    assert.match(await tab.textContent(".node.fault"), /Add to group[^]*grant · okta[^]*no gate/);
    assert.ok((await tab.locator(".edge.passed").count()) >= 2);
    assert.equal(await tab.locator(".edge.back").count(), 1, "the loop goes back");
    const boxes = await tab.evaluate(() =>
      [...document.querySelectorAll(".node > rect")].map((r) => r.getBoundingClientRect().toJSON()));
    boxes.forEach((a, i) => boxes.slice(i + 1).forEach((b) =>
      assert.ok(a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top, "steps overlap")));
    assert.equal(await tab.locator(".finding [aria-pressed=true]").count(), 1);
    await tab.click("button:has-text('About this rule') >> nth=0");
    assert.equal(await tab.locator(".page:not([hidden])").count(), 1);
    await tab.click("details.steps summary");
    await tab.waitForSelector(".steps tbody tr");
    assert.equal(await tab.locator(".steps tbody tr").count(), 3);
  },

  async "what workflows say is text"(tab) {
    await tab.fill("#query", "hostile.json");
    const name = await tab.textContent("#rows a");
    assert.ok(name.startsWith("</script><script>") && name.includes("<img src=x"), name);
    assert.ok(!name.includes("\u202e"), "text is not turned around");
    await tab.click("#rows a");
    await tab.waitForSelector("#detail svg");
    assert.match(await tab.textContent(".node.fault"), /<svg onload/);
    assert.equal(await tab.locator("#detail img, #detail script").count(), 0);
    assert.notEqual(await tab.title(), "owned");
  },

  async "the colours follow the reader"(tab) {
    const colour = () => tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await colour();
    await tab.emulateMedia({ colorScheme: "dark" });
    const dark = await colour();
    assert.notEqual(light, dark);
    await tab.click("#theme");
    assert.equal(await colour(), light);
    await tab.click("#theme");
    assert.equal(await colour(), dark);
  },

  async "it is readable small and can be printed"(tab) {
    await tab.setViewportSize({ width: 320, height: 700 });
    const wide = () => tab.evaluate(() => document.documentElement.scrollWidth);
    assert.equal(await wide(), 320);
    await tab.click("a:has-text('Join the team')");
    await tab.waitForSelector("#detail svg");
    assert.equal(await wide(), 320);
    await tab.keyboard.press("Escape");
    await tab.waitForSelector("#overview:not([hidden])");
    await tab.evaluate(() => dispatchEvent(new Event("beforeprint")));
    assert.equal(await tab.locator("#rows tr").count(), 132);
  },

  async "problems and other files are told"(tab) {
    await tab.click("#others summary >> nth=0");
    await tab.waitForSelector("#others li");
    assert.match(await tab.textContent("#others"), /broken\.json/);
    await tab.click("#others summary >> nth=1");
    await tab.waitForSelector("#others li li");
    assert.match(await tab.textContent("#others"), /notes\.json/);
  },
};

async function accessible() {
  for (const colorScheme of ["light", "dark"]) {
    for (const hash of ["#/", "#/1"]) {
      const tab = await open({ colorScheme, bypassCSP: true });
      await tab.evaluate((to) => { location.hash = to; }, hash);
      if (hash !== "#/") await tab.waitForSelector("#detail svg");
      await tab.evaluate(axe);
      const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];
      const found = await tab.evaluate((only) => window.axe.run(document, { runOnly: only }), runOnly);
      const told = found.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map((n) => n.html).join(" ")}`);
      assert.deepEqual(told, [], `${colorScheme} ${hash}`);
      await tab.context().close();
    }
  }
}

let failed = 0;
for (const [name, check] of [...Object.entries(checks), ["accessibility", accessible]]) {
  try {
    const tab = check === accessible ? null : await open({});
    await check(tab);
    await tab?.context().close();
    assert.deepEqual(errors.splice(0), [], "errors in the console");
    assert.deepEqual(requests.splice(0), [], "requests to elsewhere");
    console.log(`ok ${name}`);
  } catch (error) {
    failed = 1;
    errors.splice(0);
    console.log(`FAILED ${name}: ${error.message}`);
  }
}
await browser.close();
process.exit(failed);
