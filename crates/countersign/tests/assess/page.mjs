// Drives a browser over the page of a review: node page.mjs PAGE TOOLS CHROMIUM. Ends with 1 and says what is wrong.
import assert from "node:assert/strict";
import { browse } from "../common/browse.mjs";

const { browser, open, url, errors, requests, axe } = await browse("#q1 .content", { width: 1280, height: 900 });

const checks = {
  async "every question has its answer, the first is open"(tab) {
    assert.match(await tab.textContent("#told"), /^63 workflows in 63 files: 63 can change access\. An export/);
    assert.equal(await tab.locator("#answers li").count(), 7);
    assert.equal(await tab.locator(".question[open]").count(), 1);
    const answers = await tab.locator(".question > summary .answer").allTextContents();
    for (const a of answers) assert.match(a, /^[✓✗?] (yes|no|partly|cannot be told)$/);
  },

  async "a question opens down to the walk that shows it"(tab) {
    const first = tab.locator("#q1");
    await first.locator("input[type=search]").fill("helpdesk-reset.json");
    assert.equal(await first.locator("[role=status]").textContent(), "1 of 63 workflows");
    await first.locator(".workflow summary").click();
    const walk = first.locator(".workflow .walk").first();
    assert.match(await walk.textContent(), /Webhook.*Set temporary password/);
    assert.equal(await walk.locator("li.fault").count(), 1);
    await first.locator("input[type=search]").fill("");
    assert.equal(await first.locator(".workflow").count(), 50);
    await first.locator(".more button").click();
    assert.equal(await first.locator(".workflow").count(), 63);
    await first.locator("button", { hasText: "good" }).click();
    assert.match(await first.locator("[role=status]").textContent(), /^\d+ of 63 workflows$/);
  },

  async "keys alone are enough"(tab) {
    await tab.keyboard.press("j");
    await tab.keyboard.press("j");
    assert.match(await tab.evaluate(() => document.activeElement.textContent), /^2\. /);
    const outline = await tab.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, "solid", "the focus is visible");
    await tab.keyboard.press("Enter");
    await tab.waitForSelector("#q2 .content");
    await tab.keyboard.press("/");
    assert.equal(await tab.evaluate(() => document.activeElement.id), "s2");
    await tab.keyboard.type("asked");
    assert.match(await tab.textContent("#q2 [role=status]"), / of 63 workflows$/);
  },

  async "a link leads to its question"(tab) {
    await tab.goto(`${url}#q7`);
    await tab.reload();
    await tab.waitForSelector("#q7 .content");
    await tab.click("#answers a >> nth=4");
    await tab.waitForSelector("#q5 .content");
  },

  async "nothing that a workflow says runs"(tab) {
    await tab.locator("#q1 input[type=search]").fill("owned");
    await tab.locator("#q1 .workflow summary").first().click();
    assert.equal(await tab.title(), "Countersign readiness");
    assert.equal(await tab.locator("main img").count(), 0);
  },

  async "colours are the reader's choice"(tab) {
    const background = () => tab.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await background();
    await tab.emulateMedia({ colorScheme: "dark" });
    assert.notEqual(await background(), light);
    await tab.click("#theme");
    assert.equal(await background(), light, "light was chosen");
  },

  async "no page is wider than a phone"(tab) {
    await tab.setViewportSize({ width: 360, height: 800 });
    assert.ok(await tab.evaluate(() => document.documentElement.scrollWidth) <= 360);
  },
};

let failed = 0;
async function check(name, run) {
  try {
    await run();
    console.log(`ok      ${name}`);
  } catch (e) {
    failed += 1;
    console.log(`FAILED  ${name}\n${e.message}`);
  }
}

for (const [name, run] of Object.entries(checks)) {
  const tab = await open({ colorScheme: "light", reducedMotion: "reduce" });
  await check(name, () => run(tab));
  await tab.context().close();
}
for (const colorScheme of ["light", "dark"]) {
  const tab = await open({ colorScheme });
  await tab.locator("#q1 .workflow summary").first().click();
  await check(`axe finds nothing, ${colorScheme}`, async () => {
    await tab.evaluate(axe);
    const found = await tab.evaluate(() => globalThis.axe.run());
    assert.deepEqual(found.violations.map((v) => `${v.id}: ${v.nodes[0].html}`), []);
  });
  await tab.context().close();
}
await check("nothing is loaded and nothing is complained of", () => assert.deepEqual([...errors, ...requests], []));
await browser.close();
process.exit(failed ? 1 : 0);
