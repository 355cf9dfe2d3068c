// One workflow: what it is, its findings, its graph and its steps.

// Fills `place` with a workflow; its heading takes the focus.
function showDetail(place, row, detail, pages, around) {
  const named = new Map([...detail.triggers, ...detail.steps].map((s) => [s.id, s.name || s.id]));
  const nameOf = (id) => named.get(id) || detail.callers[id] || id;
  const touched = h("p", { class: "touched dim", role: "status" }, "Click a step to see what it does.");
  const drawn = graph(detail, (node) => touched.replaceChildren(...told(node)));
  const heading = h("h1", { id: "name", tabindex: "-1" }, h("bdi", {}, row.name));
  const picker = pathPicker(detail, drawn);
  place.replaceChildren(
    h("nav", { class: "around", "aria-label": "Workflows" }, around),
    heading,
    h("p", { class: "badges" }, tierBadge(row), h("span", { class: "tag" }, row.title),
      h("span", { class: "tag" }, `${detail.class} automation`), row.off && h("span", { class: "tag" }, "switched off")),
    h("p", { class: "lead" }, inline(detail.told), " ", detail.gated && h("strong", {}, detail.gated)),
    h("div", { class: "halves" },
      h("section", { "aria-labelledby": "findings" },
        h("h2", { id: "findings" }, row.count.some((n) => n) ? `Findings ` : "No findings", counts(row)),
        findings(detail.findings, nameOf, pages, picker), refuted(detail, nameOf, pages, picker)),
      h("section", { class: "drawing", "aria-labelledby": "drawn" },
        h("div", { class: "title" }, h("h2", { id: "drawn" }, "Graph"), drawn.tools), drawn.element, legend(detail), touched)),
    h("section", { "aria-labelledby": "facts" }, h("h2", { id: "facts" }, "Facts"), facts(row, detail)),
    stepTable(detail, row),
    accepted(detail, nameOf));
  drawn.start();
  picker.first();
  return heading;
}

function tierBadge(row) {
  return h("span", { class: `tag tier-${TIERS[row.tier]}` }, row.tier === 4 ? "opaque" : `tier ${row.tier}`);
}

function counts(row) {
  return [4, 3, 2, 1, 0].filter((s) => row.count[s]).map((s) =>
    [badge(SEVERITIES[s], `${row.count[s]} ${SEVERITIES[s]}`), " "]);
}

// Which finding's path the graph shows: one at a time, each with a button.
function pathPicker(detail, drawn) {
  const buttons = [];
  const pick = (chosen) => {
    drawn.show(chosen && chosen.finding);
    for (const b of buttons) b.element.setAttribute("aria-pressed", String(b === chosen));
  };
  return {
    button(finding) {
      const one = { finding, element: button("Show in the graph", { "aria-pressed": "false" }, () => {
        pick(one);
        const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
        byId("drawn").scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
      }) };
      buttons.push(one);
      return one.element;
    },
    first: () => pick(buttons.find((b) => b.finding.path.length > 1) || buttons[0]),
  };
}

// Findings in groups of one rule, as they come: the worst first.
function findings(all, nameOf, pages, picker, label) {
  const groups = new Map();
  for (const f of all) groups.set(f.rule, [...(groups.get(f.rule) || []), f]);
  return [...groups].map(([rule, list]) => {
    const page = h("div", { class: "page", hidden: true });
    const about = button(label ? "About this property" : "About this rule", { "aria-expanded": "false" }, () => {
      if (!page.firstChild) page.append(markdown(pages()[rule] || "There is no page."));
      page.hidden = !page.hidden;
      about.setAttribute("aria-expanded", String(!page.hidden));
    });
    return h("section", { class: `finding ${list[0].severity}` },
      h("h3", {}, badge(list[0].severity, label), " ", h("code", {}, rule),
        list.length > 1 && h("span", { class: "dim" }, ` ${number(list.length)} times`), about),
      page,
      h("ul", {}, list.map((f, i) => h("li", {}, finding(f, nameOf, list[i + 1], picker)))));
  });
}

// What some run breaks and no rule speaks of.
function refuted(detail, nameOf, pages, picker) {
  if (!detail.refuted) return "";
  return h("section", { "aria-labelledby": "refuted" },
    h("h2", { id: "refuted" }, `Refuted, and no finding (${number(detail.refuted.length)})`),
    findings(detail.refuted, nameOf, pages, picker, "refuted"));
}

function finding(f, nameOf, next, picker) {
  return [
    h("p", { class: "message" }, h("bdi", {}, inline(f.message)),
      f.confidence !== "high" && h("span", { class: "dim" }, ` (confidence: ${f.confidence})`)),
    f.path.length > 0 && walk(f, nameOf),
    (!next || next.fix !== f.fix) && h("p", { class: "fix" }, h("strong", {}, "Fix: "), inline(f.fix)),
    picker && (f.path.length > 0 || f.steps.length > 0) && picker.button(f),
    f.line > 0 && h("span", { class: "dim" }, ` line ${number(f.line)}`),
  ];
}

// A walk through the workflow, with the fault marked; the middle of a long one is folded.
function walk(f, nameOf) {
  const one = (station) => h("li", { class: station.marked ? "fault" : "" },
    station.marked && h("span", { "aria-hidden": "true" }, "✗ "),
    h("bdi", {}, nameOf(station.step)),
    station.marked && h("span", { class: "unseen" }, " (the fault)"),
    station.leaves && h("span", { class: "leaves" }, ` ${station.leaves}`));
  const folded = f.path.length > 10 ? f.path.slice(3, -4) : [];
  const list = h("ol", { class: "walk", "aria-label": "Path" }, f.path.filter((s) => !folded.includes(s)).map(one));
  if (folded.some((s) => s.marked)) list.replaceChildren(...f.path.map(one));
  else if (folded.length) {
    const more = h("li", {}, button(`${number(folded.length)} more steps`, {}, () => {
      list.replaceChildren(...f.path.map(one));
      list.setAttribute("tabindex", "-1");
      list.focus();
    }));
    list.insertBefore(more, list.children[3]);
  }
  return list;
}

function facts(row, detail) {
  const list = (items) => (items.length ? h("ul", {}, items.map((i) => h("li", {}, h("bdi", {}, i)))) : null);
  const pairs = [
    ["File", h("bdi", {}, `${row.path}${row.line ? `:${row.line}` : ""}`)],
    ["Id", row.id && h("code", {}, row.id)],
    ["Description", detail.description && h("bdi", { class: "given" }, detail.description)],
    ["Started by", list(detail.triggers.map((t) => `${t.name}: ${t.words}${t.line ? `, line ${t.line}` : ""}`)) || "nothing"],
    ["Approval", gateBadge(row.gate) || "changes no access itself"],
    ["Can", row.kinds.length ? `${row.kinds.join(", ")}${row.systems.length ? ` in ${row.systems.join(", ")}` : ""}` : "change no access itself"],
    ["With all it calls", [TIERS[row.tier] === "opaque" ? "opaque" : `tier ${row.tier}`, detail.closure.kinds.length ? `: ${detail.closure.kinds.join(", ")}` : ""].join("")],
    ["Calls", list(detail.closure.calls)],
    ["Calls, not found", list(detail.closure.missing)],
    ["Digest", h("code", { class: "digest" }, detail.digest)],
    ["Digest with all it calls", detail.closure.digest !== detail.digest && h("code", { class: "digest" }, detail.closure.digest)],
  ];
  return h("dl", {}, pairs.filter(([, v]) => v).map(([k, v]) => h("div", {}, h("dt", {}, k), h("dd", {}, v))));
}

// The steps with what each does; those that do most stand out by their words, not only by colour.
function stepTable(detail) {
  const head = ["Step", "Operation", "Effects", "Approval", "Line"];
  const line = (s) => h("tr", { class: groupOf(s) ? groupOf(s).id : "" },
    h("th", { scope: "row" }, h("bdi", {}, s.name || s.id), s.off && " (switched off)"),
    h("td", {}, h("bdi", {}, s.operation || "")), h("td", {}, (s.effects || []).map(effect)),
    h("td", {}, gateBadge(s.gate || "n/a")), h("td", {}, s.line ? number(s.line) : ""));
  const table = h("details", { class: "steps" }, h("summary", {}, h("h2", {}, `Steps (${number(detail.steps.length)})`)));
  table.addEventListener("toggle", () => {
    if (table.querySelector("table")) return;
    table.append(h("div", { class: "wide", tabindex: "0", role: "group", "aria-label": "Table of steps" },
      h("table", {}, h("thead", {}, h("tr", {}, head.map((t) => h("th", { scope: "col" }, t)))),
        h("tbody", {}, detail.steps.map(line)))));
  });
  return table;
}

function effect(e) {
  const about = [e.entitlement, e.identity].filter((t) => t);
  return h("div", { class: "effect" }, h("strong", {}, e.kind), e.system && ` in ${e.system}`,
    e.privileged && h("span", { class: "gate broken" }, "privileged"),
    e.entitlement && h("span", {}, ": ", h("bdi", {}, e.entitlement)),
    e.identity && h("span", {}, about.length > 1 ? " for " : ": ", h("bdi", {}, e.identity)),
    h("span", { class: "dim" }, ` (by ${e.evidence})`));
}

function accepted(detail, nameOf) {
  if (!detail.accepted.length) return "";
  return h("details", {}, h("summary", {}, h("h2", {}, `Accepted findings (${number(detail.accepted.length)})`)),
    h("ul", {}, detail.accepted.map((a) => h("li", { class: "finding" },
      h("h3", {}, badge(a.finding.severity), " ", h("code", {}, a.finding.rule)), finding(a.finding, nameOf, null, null),
      h("p", { class: "dim" }, `Accepted by ${a.by} (${a.place})`, a.reason && `: ${a.reason}`, a.expires && `, until ${a.expires}`)))));
}

// The colours that the graph uses.
function legend(detail) {
  const used = new Set(detail.steps.map(groupOf));
  return h("ul", { class: "legend" }, GROUPS.filter((g) => used.has(g)).map((g) =>
    h("li", {}, h("span", { class: `swatch ${g.id}`, "aria-hidden": "true" }), g.words)),
    detail.findings.length > 0 && h("li", {}, h("span", { class: "swatch way", "aria-hidden": "true" }), "the finding's path"),
    detail.coverage && h("li", {}, h("span", { class: "swatch covered", "aria-hidden": "true" }), "some scenario goes there"),
    detail.coverage && h("li", {}, h("span", { class: "swatch uncovered", "aria-hidden": "true" }), "no scenario does"));
}

// What a node of the graph is, in words.
function told(node) {
  if (node.trigger) return [h("strong", {}, h("bdi", {}, node.name)), ` starts it: ${node.trigger.words}.`];
  const step = node.step;
  return [h("strong", {}, h("bdi", {}, node.name)), step.operation && ` · ${plain(step.operation)}`,
    step.line ? ` · line ${number(step.line)}` : "", step.off && " · switched off", " ", gateBadge(step.gate || "n/a"),
    ...(step.effects || []).map(effect)].filter((part) => part);
}
