// A review of readiness: the answers in short; each question opened by its reader, then filled, its workflows page by page.

const SUMMARY = JSON.parse(document.querySelector("script.summary").textContent);
const QUESTIONS = [...document.querySelectorAll("script.question")].map((s) => JSON.parse(s.textContent));
const WORDS = { yes: "yes", no: "no", partly: "partly", "cannot-be-told": "cannot be told" };
const SIGNS = { holds: "✓", fails: "✗", unknown: "?" };
const STANDS = { holds: "good", fails: "bad", unknown: "not told" };
const PER_PAGE = 50;
const TITLES = new Map(QUESTIONS.flatMap((q) => q.platforms.map((p) => [p.platform, p.title])));

function tone(q) {
  return q.good ? "good" : q.answer === "cannot-be-told" ? "open" : "bad";
}

function answer(q) {
  const sign = q.good ? "✓ " : q.answer === "cannot-be-told" ? "? " : "✗ ";
  return h("span", { class: `answer ${tone(q)}` }, sign + WORDS[q.answer]);
}

function shares(count) {
  const all = count.holds + count.fails + count.unknown;
  if (!all) return "";
  // Sizes are set as properties: the page's policy allows no inline style.
  const share = (stand) => {
    const part = h("span", { class: stand });
    part.style.width = `${(100 * count[stand]) / all}%`;
    return count[stand] > 0 && part;
  };
  return h("span", { class: "shares bar-of", "aria-hidden": "true" }, ["holds", "unknown", "fails"].map(share));
}

function card(q, i) {
  const open = () => { const place = byId(`q${i + 1}`); place.open = true; };
  return h("li", {}, h("a", { href: `#q${i + 1}`, class: tone(q), on: { click: open } },
    h("span", {}, `${i + 1}. ${q.question}`), answer(q), shares(q.count)));
}

function counts(title, rows) {
  const cell = (n, stand) => h("td", { class: `n ${stand} ${n ? "" : "zero"}` }, n ? number(n) : "·");
  const used = rows.filter((r) => r.count.holds + r.count.fails + r.count.unknown > 0);
  if (!used.length) return "";
  return h("table", { class: "counts-of" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, title), ["holds", "fails", "unknown"].map((s) => h("th", { scope: "col", class: "n" }, STANDS[s])))),
    h("tbody", {}, used.map((r) => h("tr", {}, h("th", { scope: "row" }, r.title), cell(r.count.holds, "holds"), cell(r.count.fails, "fails"), cell(r.count.unknown, "unknown")))));
}

function advice(title, all) {
  return all.length > 0 && h("section", {}, h("h3", {}, title), h("ul", { class: "advice" },
    all.map((a) => h("li", {}, h("span", { class: "times" }, `${number(a.times)} ×`), h("span", {}, inline(a.text))))));
}

function walk(stations) {
  return stations.length > 0 && h("ol", { class: "walk" }, stations.map((s) => h("li", { class: s.marked ? "fault" : "" },
    s.marked && h("span", { "aria-hidden": "true" }, "✗"), h("bdi", {}, s.name), s.marked && h("span", { class: "unseen" }, " (here)"),
    s.leaves && h("span", { class: "leaves" }, s.leaves))));
}

function basis(b) {
  if (!b) return "";
  const what = b.kind === "finding" ? [badge(b.severity), " ", h("code", {}, b.rule), b.line ? ` line ${number(b.line)}` : ""]
    : b.kind === "proof" ? [h("code", {}, b.property), ` ${b.verdict}: ${plain(b.text)}`]
      : [`${b.kind}: `, b.text.startsWith("https://") ? h("a", { href: b.text, rel: "noreferrer" }, b.text) : h("bdi", {}, b.text || "-")];
  return h("li", {}, h("span", { class: "dim" }, what), walk(b.walk || []));
}

function stand(q, m) {
  const aspect = q.aspects.find((a) => a.id === m.aspect);
  return h("li", {}, h("span", { class: `sign ${m.stand}`, "aria-hidden": "true" }, SIGNS[m.stand]),
    h("span", { class: "unseen" }, `${STANDS[m.stand]}: `), h("span", { class: "dim" }, `${aspect ? aspect.title : m.aspect}: `),
    m.platform && `${TITLES.get(m.platform) || m.platform}: `, inline(m.because),
    m.stand !== "holds" && m.advice && h("small", {}, inline(m.advice)),
    m.rests_on.length > 0 && h("ul", { class: "rests" }, m.rests_on.map(basis), m.more && h("li", { class: "dim" }, `and ${number(m.more)} more`)));
}

function workflow(q, w) {
  const place = h("details", { class: "workflow" }, h("summary", {},
    h("span", { class: `sign ${w.stand}`, "aria-hidden": "true" }, SIGNS[w.stand]), h("span", { class: "unseen" }, `${STANDS[w.stand]}: `),
    h("strong", {}, h("bdi", {}, w.name)), h("span", { class: "dim" }, `${TITLES.get(w.platform) || w.platform} · tier ${w.tier} · `, h("bdi", {}, `${w.path}:${w.line}`))));
  place.addEventListener("toggle", () => {
    if (!place.open || place.querySelector(".stands")) return;
    const order = ["fails", "unknown", "holds"];
    const marks = [...w.marks].sort((a, b) => order.indexOf(a.stand) - order.indexOf(b.stand));
    place.append(h("ul", { class: "stands" }, marks.map((m) => stand(q, m))));
  });
  return place;
}

// The workflows of a question: those that stand badly first, filtered by words and by how they stand.
function inventory(q, i) {
  const order = ["fails", "unknown", "holds"];
  const all = [...q.workflows].sort((a, b) => order.indexOf(a.stand) - order.indexOf(b.stand));
  const list = h("div", {}), status = h("p", { role: "status" });
  const query = h("input", { type: "search", id: `s${i + 1}`, "aria-label": "Search workflows", placeholder: "name, path, platform", autocomplete: "off" });
  const chosen = new Set();
  let shown = PER_PAGE;
  const draw = () => {
    const words = query.value.toLowerCase().split(/\s+/).filter((w) => w);
    const text = (w) => `${w.name} ${w.path} ${w.platform} ${TITLES.get(w.platform) || ""}`.toLowerCase();
    const found = all.filter((w) => (!chosen.size || chosen.has(w.stand)) && words.every((word) => text(w).includes(word)));
    status.textContent = found.length === all.length ? `All ${plural(all.length, "workflow")}` : `${number(found.length)} of ${plural(all.length, "workflow")}`;
    list.replaceChildren(...found.slice(0, shown).map((w) => workflow(q, w)));
    if (found.length > shown) list.append(h("p", { class: "more" }, button(`Show more (${number(found.length - shown)})`, {}, () => { shown += PER_PAGE; draw(); })));
  };
  const toggle = (s) => button(`${SIGNS[s]} ${STANDS[s]}`, { "aria-pressed": "false" }, (event) => {
    if (!chosen.delete(s)) chosen.add(s);
    event.currentTarget.setAttribute("aria-pressed", String(chosen.has(s)));
    shown = PER_PAGE;
    draw();
  });
  query.addEventListener("input", () => { shown = PER_PAGE; draw(); });
  draw();
  return all.length > 0 && h("section", {}, h("h3", {}, "Workflows"), h("div", { class: "tools-of" }, query, order.map(toggle)), status, list);
}

function question(q, i) {
  const place = h("details", { class: "question", id: `q${i + 1}` }, h("summary", {}, h("h2", {}, `${i + 1}. ${q.question}`), answer(q)));
  place.addEventListener("toggle", () => {
    if (!place.open || place.querySelector(".content")) return;
    place.append(h("div", { class: "content" },
      h("p", { class: "lead" }, q.sentence),
      h("div", { class: "tables" }, counts("By what is asked", q.aspects), q.platforms.length > 1 && counts("By platform", q.platforms)),
      advice("To do", q.do), advice("To give, so that it can be told", q.give),
      q.around.length > 0 && h("section", {}, h("h3", {}, "Around the workflows"), h("ul", { class: "stands" }, q.around.map((m) => stand(q, m)))),
      inventory(q, i),
      h("p", { class: "dim" }, "Evidence towards ", q.controls.join(", "), ".")));
  });
  return place;
}

function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
  const heads = [...document.querySelectorAll(".question > summary")];
  const at = heads.findIndex((s) => s.parentNode.contains(document.activeElement));
  if (event.key === "j" || event.key === "k") {
    const next = event.key === "j" ? Math.min(at + 1, heads.length - 1) : Math.max(at - 1, 0);
    heads[next].focus();
  } else if (event.key === "/") {
    const open = at >= 0 && heads[at].parentNode.open ? heads[at].parentNode : document.querySelector(".question[open]");
    const search = open && open.querySelector("input[type=search]");
    if (search) search.focus();
    else return;
  } else return;
  event.preventDefault();
}

function start() {
  const g = SUMMARY.governed;
  byId("headline").textContent = plain(`Readiness of ${SUMMARY.paths.join(", ")}`);
  const good = QUESTIONS.filter((q) => q.good).length;
  byId("told").textContent = plain(`${plural(SUMMARY.workflows, "workflow")} in ${plural(SUMMARY.files, "file")}: ${number(SUMMARY.access_changing)} can change access. `
    + (g ? `Governed: ${g.organisation}, ${g.environment}, ${plural(g.statements, "statement")}. ` : "An export: nothing here governs it. ")
    + `${good} of ${plural(QUESTIONS.length, "question")} are answered as one hopes.`);
  byId("answers").append(...QUESTIONS.map(card));
  byId("questions").append(...QUESTIONS.map(question));
  byId("keys").hidden = false;
  if (SUMMARY.problems.length) {
    byId("others").append(h("details", {}, h("summary", {}, h("h2", {}, plural(SUMMARY.problems.length, "problem"))),
      h("ul", {}, SUMMARY.problems.map((p) => h("li", {}, h("bdi", {}, p))))));
  }
  byId("foot").append(h("span", {}, `Countersign ${SUMMARY.version}`), h("span", {}, SUMMARY.at));
  document.addEventListener("keydown", keys);
  const asked = document.querySelector(location.hash && /^#q\d+$/.test(location.hash) ? location.hash : "#q1");
  if (asked) asked.open = true;
}

start();
