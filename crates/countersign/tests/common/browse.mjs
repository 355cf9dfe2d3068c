// What the tests of pages share: a browser, tabs over the page that report what they complain of, and what axe-core runs.
// node SCRIPT PAGE TOOLS CHROMIUM [FURTHER ...]
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** Starts it. A tab is open once `ready` is there; `errors` and `requests` to elsewhere are those of all tabs. */
export async function browse(ready, viewport) {
  const [page, tools, executablePath, ...further] = process.argv.slice(2);
  const require = createRequire(path.resolve(tools) + "/");
  const { chromium } = require("playwright-core");
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  const url = pathToFileURL(path.resolve(page)).href;
  const errors = [], requests = [];
  async function open(options) {
    const context = await browser.newContext({ viewport, ...options });
    const tab = await context.newPage();
    tab.setDefaultTimeout(10000);
    tab.on("console", (m) => errors.push(`${m.type()}: ${m.text()}`));
    tab.on("pageerror", (e) => errors.push(String(e)));
    tab.on("request", (r) => { if (r.url().split("#")[0] !== url) requests.push(r.url()); });
    tab.on("dialog", (d) => { errors.push(`dialog: ${d.message()}`); d.dismiss(); });
    await tab.goto(url);
    await tab.waitForSelector(ready);
    return tab;
  }
  const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
  return { browser, open, url, errors, requests, axe, further };
}
