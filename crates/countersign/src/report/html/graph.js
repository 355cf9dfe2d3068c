// A workflow drawn: triggers, steps coloured by what they do, gates, and the path of a finding.

const NODE = { width: 232, height: 46, trigger: 34 };
const ZOOM = { least: 0.2, most: 2 };

// The graph of a workflow. `element` goes into the page; `show(finding)` marks a finding's path; `start()` is called
// when the element stands in the page.
function graph(detail, told) {
  const nodes = [
    ...detail.triggers.map((t) => ({ trigger: t, id: t.id, name: t.name, width: 180, height: NODE.trigger })),
    ...detail.steps.map((s) => ({ step: s, id: s.id, name: s.name || s.id, width: NODE.width, height: NODE.height })),
  ];
  const edges = joined(detail.edges, detail.triggers.length, nodes.length);
  const plan = layout(nodes, edges, 900);
  const shapes = nodes.map((n, i) => (n.trigger ? triggerShape(n, plan.at[i]) : stepShape(n, plan.at[i])));
  const lines = edges.map((e, i) => edgeShape(e, plan.lines[i], plan.back.has(i)));
  covered(detail.coverage || [], nodes, edges, shapes, lines);
  shapes.forEach((shape, i) => shape.addEventListener("click", () => told(nodes[i])));
  const ways = svg("g", {}, lines);
  const picture = svg("svg", { viewBox: `-8 -8 ${plan.width + 16} ${plan.height + 16}`, role: "img" },
    arrowheads(), ways, svg("g", {}, shapes));
  const frame = zoomable(picture, plan.width + 16, plan.height + 16);

  const show = (finding) => {
    const way = finding ? passed(finding, nodes, edges) : { nodes: new Map(), edges: new Set() };
    shapes.forEach((shape, i) => {
      shape.classList.toggle("passed", way.nodes.has(i));
      shape.classList.toggle("fault", way.nodes.get(i) === "fault");
    });
    lines.forEach((line, i) => {
      line.classList.toggle("passed", way.edges.has(i));
      if (way.edges.has(i)) ways.append(line);
    });
    picture.setAttribute("aria-label", described(detail, finding, way, nodes));
    const aim = [...way.nodes].find(([, how]) => how === "fault") || [...way.nodes][0] || [0];
    if (plan.at[aim[0]]) frame.aim(plan.at[aim[0]].x + 8, plan.at[aim[0]].y + 8);
  };
  return { element: frame.element, tools: frame.tools, show, start: frame.start };
}

// Marks what scenarios went through, and what none did.
function covered(coverage, nodes, edges, shapes, lines) {
  const number = new Map(nodes.map((n, i) => [n.id, i]));
  for (const [step, way, went] of coverage) {
    const at = number.get(step);
    const mark = went ? "covered" : "uncovered";
    if (at === undefined) continue;
    if (!way) shapes[at].classList.add(mark);
    edges.forEach((e, i) => { if (way && e.from === at && e.labels.includes(way)) lines[i].classList.add(mark); });
  }
}

// Edges by numbers of nodes, those between the same nodes joined into one.
function joined(all, triggers, count) {
  const found = new Map();
  const node = (n) => (n < 0 ? -1 - n : n + triggers);
  for (const [a, b, label] of all) {
    const [from, to] = [node(a), node(b)];
    if (from >= count || to >= count) continue;
    const key = `${from} ${to}`;
    if (!found.has(key)) found.set(key, { from, to, labels: [] });
    const labels = found.get(key).labels;
    if (!labels.includes(label)) labels.push(label);
  }
  return [...found.values()];
}

// The nodes and edges that a finding's path passes.
function passed(finding, nodes, edges) {
  const number = new Map(nodes.map((n, i) => [n.id, i]));
  const way = { nodes: new Map(), edges: new Set() };
  let before = null;
  for (const station of finding.path) {
    const at = number.get(station.step);
    if (at === undefined) { before = null; continue; }
    if (before) {
      for (const e of between(before.at, at, before.leaves, edges)) {
        way.edges.add(e);
        for (const n of [edges[e].from, edges[e].to]) if (!way.nodes.has(n)) way.nodes.set(n, "passed");
      }
    }
    if (station.marked || !way.nodes.has(at)) way.nodes.set(at, station.marked ? "fault" : "passed");
    before = { at, leaves: station.leaves };
  }
  if (!finding.path.some((s) => s.marked)) {
    for (const id of finding.steps) if (number.has(id)) way.nodes.set(number.get(id), "fault");
  }
  return way;
}

// The edges of the shortest way between two nodes, first by the edge of the given name.
function between(from, to, leaves, edges) {
  const first = edges.findIndex((e) => e.from === from && e.to === to);
  if (first >= 0) return [first];
  const came = new Map(), open = [from];
  const rank = (e) => (edges[e].from === from && leaves && !edges[e].labels.includes(leaves) ? 1 : 0);
  const next = new Map();
  edges.forEach((e, i) => next.set(e.from, [...(next.get(e.from) || []), i]));
  for (let i = 0; i < open.length && !came.has(to); i++) {
    const out = (next.get(open[i]) || []).sort((a, b) => rank(a) - rank(b));
    for (const e of out) {
      if (came.has(edges[e].to)) continue;
      came.set(edges[e].to, e);
      open.push(edges[e].to);
    }
  }
  const way = [];
  for (let n = to; came.has(n) && way.length <= edges.length; n = edges[came.get(n)].from) {
    way.push(came.get(n));
    if (edges[came.get(n)].from === from) break;
  }
  return came.has(to) ? way : [];
}

function described(detail, finding, way, nodes) {
  const size = `${plural(detail.triggers.length, "trigger")} and ${plural(detail.steps.length, "step")}`;
  const path = [...way.nodes].map(([n, how]) => nodes[n].name + (how === "fault" ? " (the fault)" : ""));
  const shown = finding && path.length ? ` The path of ${finding.rule} is marked: ${path.join(", ")}.` : "";
  return plain(`The workflow drawn: ${size}; the table of steps says the same in words.${shown}`);
}

function arrowheads() {
  return svg("defs", {}, ["arrow", "arrow-passed"].map((id) =>
    svg("marker", { id, viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, orient: "auto",
      markerUnits: "userSpaceOnUse" }, svg("path", { d: "M0 0.5 L8 4 L0 7.5 z", class: id }))));
}

function edgeShape(edge, points, back) {
  const label = edge.labels.filter((l) => l).join(", ");
  const failing = edge.labels.every((l) => l === "error" || l === "timeout");
  const group = svg("g", { class: `edge${back ? " back" : ""}${failing ? " failing" : ""}` },
    svg("path", { d: back ? square(points) : curve(points) }));
  if (label) {
    const [a, b] = back ? [points[1], points[2]] : points;
    const text = { x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2 + 4, "text-anchor": "middle" };
    group.append(svg("text", text, cut(label, 18), svg("title", {}, label)));
  }
  return group;
}

// Through bends in smooth curves, straight down where the points are above each other.
function curve(points) {
  let d = `M${points[0]}`;
  for (let i = 1; i < points.length; i++) {
    const [x0, y0] = points[i - 1], [x1, y1] = points[i], middle = (y0 + y1) / 2;
    d += x0 === x1 ? ` L${x1} ${y1}` : ` C${x0} ${middle} ${x1} ${middle} ${x1} ${y1}`;
  }
  return d;
}

// Through corners, rounded.
function square(points) {
  let d = `M${points[0]}`;
  for (let i = 1; i < points.length - 1; i++) {
    const [x, y] = points[i];
    const near = ([px, py]) => {
      const length = Math.hypot(px - x, py - y) || 1, r = Math.min(8, length / 2);
      return `${x + ((px - x) / length) * r} ${y + ((py - y) / length) * r}`;
    };
    d += ` L${near(points[i - 1])} Q${x} ${y} ${near(points[i + 1])}`;
  }
  return `${d} L${points[points.length - 1]}`;
}

function triggerShape(node, at) {
  const { width, height, trigger } = node;
  return svg("g", { class: `node trigger${trigger.open ? " open" : ""}`, transform: `translate(${at.x} ${at.y})` },
    svg("title", {}, `${node.name}: started by ${trigger.words}`),
    svg("rect", { x: -width / 2, y: -height / 2, width, height, rx: height / 2 }),
    svg("text", { y: trigger.open ? -1 : 4, "text-anchor": "middle", class: "name" }, `▶ ${fitting(node.name, "600 12.5px", width - 60)}`),
    trigger.open && svg("text", { y: 12, "text-anchor": "middle", class: "kind" }, "open to anyone"));
}

function stepShape(node, at) {
  const { width, height, step } = node;
  const group = groupOf(step);
  const kinds = [...new Set((step.effects || []).map((e) => e.kind))].filter((k) => k !== "control");
  const systems = [...new Set((step.effects || []).map((e) => e.system).filter((s) => s))];
  const words = step.off ? "switched off" : [kinds.join(", "), systems.join(", ")].filter((w) => w).join(" · ");
  const left = -width / 2 + 12, known = words || step.operation || "";
  const drawn = svg("g", { class: `node ${group ? group.id : "plain"}${step.off ? " off" : ""}`,
    transform: `translate(${at.x} ${at.y})` },
    svg("title", {}, `${node.name}\n${[step.operation, words].filter((w) => w).join("\n")}`),
    svg("rect", { x: -width / 2, y: -height / 2, width, height, rx: group && group.id === "ask" ? 16 : 6 }),
    svg("text", { x: left, y: known ? -4 : 4, class: "name" }, fitting((group && group.id === "ask" ? "? " : "") + node.name, "600 12.5px", width - 22)),
    known && svg("text", { x: left, y: 13, class: "kind" }, fitting(known, "11px", width - 22)),
    tag("cross", "✗ fault", width, -height / 2));
  const held = step.gate === "present" || step.gate === "authorised";
  if (GATES[step.gate]) drawn.append(tag(held ? "held" : "broken", step.gate === "none" ? "no gate" : GATES[step.gate], width, height / 2));
  return drawn;
}

// A tag at a right corner of a step: what stands before a change, or that the fault is here.
function tag(id, words, width, y) {
  const wide = words.length * 5.8 + 14;
  return svg("g", { class: `tag ${id}`, transform: `translate(${width / 2 - wide + 6} ${y - 8})` },
    svg("rect", { width: wide, height: 15, rx: 7.5 }),
    svg("text", { x: wide / 2, y: 11, "text-anchor": "middle" }, words));
}

// A text that fits a width, measured as it will be drawn.
const measure = document.createElement("canvas").getContext("2d");
function fitting(text, font, width) {
  measure.font = `${font} ${getComputedStyle(document.body).fontFamily}`;
  let [least, most] = [1, Math.min(80, [...plain(text)].length)];
  if (measure.measureText(cut(text, 80)).width <= width) return cut(text, 80);
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (measure.measureText(cut(text, middle)).width <= width) least = middle;
    else most = middle - 1;
  }
  return cut(text, least);
}

function cut(text, most) {
  const signs = [...plain(text)];
  return signs.length <= most ? signs.join("") : signs.slice(0, most - 1).join("") + "…";
}

// A frame in which a picture can be moved and zoomed, by pointer and by keys.
function zoomable(picture, width, height) {
  let zoom = 1;
  const view = h("div", { class: "canvas", tabindex: "0", role: "group",
    "aria-label": "Graph: arrow keys move it, plus and minus zoom, 0 fits it" }, picture);
  const set = (to, x = view.clientWidth / 2, y = view.clientHeight / 2) => {
    const before = zoom;
    zoom = Math.min(ZOOM.most, Math.max(ZOOM.least, to));
    picture.setAttribute("width", width * zoom);
    picture.setAttribute("height", height * zoom);
    view.scrollLeft = (view.scrollLeft + x) * (zoom / before) - x;
    view.scrollTop = (view.scrollTop + y) * (zoom / before) - y;
  };
  const fit = () => set(Math.min(1, (view.clientWidth - 4) / width, (innerHeight * 0.7 - 4) / height));
  const keys = { "+": () => set(zoom * 1.25), "=": () => set(zoom * 1.25), "-": () => set(zoom / 1.25), 0: fit };
  view.addEventListener("keydown", (event) => {
    if (keys[event.key] && !event.ctrlKey && !event.metaKey) { keys[event.key](); event.preventDefault(); }
  });
  view.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    const box = view.getBoundingClientRect();
    set(zoom * Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
    event.preventDefault();
  }, { passive: false });
  dragged(view);
  const tools = h("div", { class: "tools", role: "group", "aria-label": "Zoom" }, button("−", { "aria-label": "Zoom out" }, keys["-"]),
    button("+", { "aria-label": "Zoom in" }, keys["+"]), button("Fit", {}, fit), button("100 %", {}, () => set(1)));
  const middle = (at, room) => (at < room - 40 ? 0 : at - room / 2);
  const aim = (x, y) => view.scrollTo(middle(x * zoom, view.clientWidth - 80), middle(y * zoom, view.clientHeight));
  const start = () => set(Math.min(1, Math.max(0.8, (view.clientWidth - 4) / width)));
  return { element: h("div", { class: "graph" }, view), tools, aim, start };
}

function dragged(view) {
  let from = null;
  view.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    from = { x: event.clientX + view.scrollLeft, y: event.clientY + view.scrollTop };
  });
  view.addEventListener("pointermove", (event) => {
    if (from && event.buttons & 1) view.scrollTo(from.x - event.clientX, from.y - event.clientY);
  });
}
