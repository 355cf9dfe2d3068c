// What changed: each workflow closed until somebody opens it, then its sentences, both graphs, proofs, findings, reach.

const SUMMARY = JSON.parse(document.querySelector("script.summary").textContent);
const DIRECTIONS = { worse: "Less control", better: "More control", open: "Changed" };

// The workflow's part of the page, filled when it is opened for the first time.
function workflow(block, index) {
  const place = h("details", { class: "workflow", id: `w${index + 1}` });
  const { name, state, acts, count } = JSON.parse(block.head.textContent);
  const words = { added: "new", removed: "gone" }[state] || (acts ? plural(count, "change") : "no change in what it does");
  place.append(h("summary", {}, h("h2", {}, h("bdi", {}, name)), h("span", { class: "dim" }, words)));
  place.addEventListener("toggle", () => {
    if (!place.open || place.querySelector(".content")) return;
    show(place, JSON.parse(block.body.textContent));
  });
  return place;
}

function show(place, d) {
  const graphs = { before: drawing(d.old, d.went, d.touched.before, "went"), after: drawing(d.new, d.came, d.touched.after, "came") };
  // An id may stand for another step on the other side.
  const names = (side) => new Map(side ? [...side.triggers, ...side.steps].map((s) => [s.id, s.name || s.id]) : []);
  const [was, is] = [names(d.old), names(d.new)];
  const nameOf = { before: (id) => was.get(id) || id, after: (id) => is.get(id) || was.get(id) || id };
  const picker = walks(graphs, d);
  place.append(h("div", { class: "content" },
    h("ul", { class: "changes" }, d.changes.map((c) => change(c, nameOf, picker))),
    both(place, graphs, d),
    listed("Proofs lost", d.proofs.lost.map((c) => change(c, nameOf, picker))),
    listed("Proofs gained", d.proofs.gained.map((c) => change(c, nameOf, picker))),
    listed("New findings", d.findings.gained.map((f) => finding(f, nameOf.after))),
    listed("Findings that are gone", d.findings.lost.map((f) => finding(f, nameOf.before))),
    touches(d.blast),
    d.cosmetic.length > 0 && h("details", {}, h("summary", {}, h("h3", {}, `For people only (${number(d.cosmetic.length)})`)),
      h("ul", {}, d.cosmetic.map((c) => h("li", {}, inline(c.sentence))))),
    h("p", { class: "dim digest" }, "Digest ", h("code", {}, d.digest.old || "none"), " → ", h("code", {}, d.digest.new || "none"))));
  for (const g of [graphs.before, graphs.after]) if (g) g.start();
  picker.first();
}

function drawing(side, marked, changed, mark) {
  if (!side) return null;
  const touched = h("p", { class: "touched dim", role: "status" }, "Click a step to see what it does.");
  const drawn = graph(side, (node) => touched.replaceChildren(...told(node)));
  const ids = [...side.triggers, ...side.steps].map((s) => s.id);
  drawn.element.querySelectorAll(".node").forEach((shape, i) => {
    if (marked.includes(ids[i])) shape.classList.add(mark);
    else if (changed.includes(ids[i])) shape.classList.add("changed");
  });
  return { ...drawn, touched };
}

function both(place, graphs, d) {
  const half = (side, title, none) => h("section", { "aria-label": title },
    h("div", { class: "title" }, h("h3", {}, title), graphs[side] && graphs[side].tools),
    graphs[side] ? [graphs[side].element, graphs[side].touched] : h("p", { class: "none" }, none));
  const used = new Set([d.old, d.new].flatMap((s) => (s ? s.steps : [])).map(groupOf));
  const swatch = (id, words) => h("li", {}, h("span", { class: `swatch ${id}`, "aria-hidden": "true" }), words);
  return [h("div", { class: "both" }, half("before", "Before", "It was not there."), half("after", "After", "It is not there any more.")),
    h("ul", { class: "legend" }, GROUPS.filter((g) => used.has(g)).map((g) => swatch(g.id, g.words)),
      swatch("came", "new"), swatch("went", "gone"), swatch("changed", "changed"), swatch("way", "the walk"))];
}

// Which change's walks the graphs show: one at a time, each with a button.
function walks(graphs, d) {
  const buttons = [];
  const pick = (chosen) => {
    const c = chosen.change;
    const old = d.renamed.find((r) => r.new === c.step);
    const shown = (path, step) => ({ path, steps: step ? [step] : [], rule: "the change" });
    if (graphs.before) graphs.before.show(shown(c.before, old ? old.old : c.step));
    if (graphs.after) graphs.after.show(shown(c.after, c.step));
    for (const b of buttons) b.element.setAttribute("aria-pressed", String(b === chosen));
  };
  return {
    button(change) {
      const one = { change, element: button("Show in the graphs", { "aria-pressed": "false" }, () => {
        pick(one);
        const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
        one.element.closest(".content").querySelector(".both").scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
      }) };
      buttons.push(one);
      return one.element;
    },
    first() {
      for (const g of [graphs.before, graphs.after]) if (g) g.show(null);
      if (buttons.length) pick(buttons.find((b) => b.change.after.length > 1) || buttons[0]);
    },
  };
}

function change(c, nameOf, picker) {
  const line = c.new_line || c.old_line;
  const path = (when, stations) => (stations.length
    ? walk({ path: stations.map((s) => ({ ...s, marked: false })) }, nameOf[when]) : h("span", { class: "dim" }, "not reached"));
  const proof = c.kind.startsWith("proof");
  const ways = [["before", c.before], ["after", c.after]].filter(([, stations]) => !proof || stations.length);
  const walked = c.before.length > 0 || c.after.length > 0;
  return h("li", { class: `change ${c.direction}` },
    h("p", {}, h("span", { class: "way" }, DIRECTIONS[c.direction] || "Changed"), ": ", h("bdi", {}, inline(c.sentence))),
    walked && h("dl", { class: "walks" }, ways.map(([when, stations]) => [h("dt", {}, when), h("dd", {}, path(when, stations))])),
    c.step && picker.button(c),
    line > 0 && h("span", { class: "dim" }, ` line ${number(line)}${c.new_line ? "" : " before"}`));
}

function finding(f, nameOf) {
  return h("li", { class: `change ${f.severity}` }, h("p", {}, badge(f.severity), " ", h("code", {}, f.rule), " ", h("bdi", {}, inline(f.message))),
    f.step && h("span", { class: "dim" }, nameOf(f.step), f.line > 0 && `, line ${number(f.line)}`));
}

function listed(title, items) {
  return items.length > 0 && [h("h3", {}, title), h("ul", { class: "changes" }, items)];
}

// Whom and what the changed steps can touch, before and after.
function touches(blast) {
  const told = (b, key) => [...b[key], ...(key === "identities" && b.open ? ["whom is only known in a run"] : [])];
  const rows = [["Identities", "identities"], ["Access", "entitlements"], ["Systems", "systems"]]
    .map(([title, key]) => [title, told(blast.before, key), told(blast.after, key)]).filter(([, a, b]) => a.length || b.length);
  if (!rows.length) return "";
  const cell = (items) => h("td", {}, items.length ? h("ul", {}, items.map((i) => h("li", {}, h("bdi", {}, i)))) : "nothing");
  return [h("h3", {}, "What the changed steps touch"), h("div", { class: "wide" }, h("table", { class: "touches" },
    h("thead", {}, h("tr", {}, ["", "Before", "After"].map((t) => h("th", { scope: "col" }, t)))),
    h("tbody", {}, rows.map(([title, a, b]) => h("tr", {}, h("th", { scope: "row" }, title), cell(a), cell(b))))))];
}

function keys(event) {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = [...document.querySelectorAll(".workflow > summary")];
  const at = all.findIndex((s) => s === document.activeElement || s.parentElement.contains(document.activeElement));
  const to = { j: at + 1, k: at - 1 }[event.key];
  if (to !== undefined && all[to]) { all[to].focus(); event.preventDefault(); }
  if (event.key === "b") {
    const change = document.activeElement.closest(".change");
    const pick = change && change.querySelector("button");
    if (pick) { pick.click(); event.preventDefault(); }
  }
}

function start() {
  const heads = [...document.querySelectorAll("script.head")], bodies = [...document.querySelectorAll("script.body")];
  byId("headline").textContent = SUMMARY.headline.charAt(0).toUpperCase() + SUMMARY.headline.slice(1);
  byId("told").replaceChildren(h("code", {}, SUMMARY.old), " → ", h("code", {}, SUMMARY.new));
  byId("foot").textContent = `countersign ${SUMMARY.version} · everything here is derived from the definitions; nothing was run`;
  byId("keys").hidden = !heads.length;
  byId("workflows").replaceChildren(...heads.map((head, i) => workflow({ head, body: bodies[i] }, i)));
  if (SUMMARY.unknown.length) {
    byId("others").append(h("details", { open: true }, h("summary", {}, h("h2", {}, "What became of these is not known")),
      h("ul", {}, SUMMARY.unknown.map((u) => h("li", {}, h("bdi", {}, u.name), `: ${u.path} of the ${u.side} side could not be read`)))));
  }
  if (SUMMARY.problems.length) {
    byId("others").append(h("details", {}, h("summary", {}, h("h2", {}, `Files that could not be read (${number(SUMMARY.problems.length)})`)),
      h("ul", {}, SUMMARY.problems.map((p) => h("li", {}, p)))));
  }
  document.addEventListener("keydown", keys);
  const first = document.querySelector(".workflow");
  if (first) first.open = true;
}
start();
