// Where the steps of a workflow stand when it is drawn: in layers from top to bottom, few crossings, straight edges.
// Edges that go back (loops) take a lane at the right.

const GAP = { x: 28, y: 52, lane: 16, part: 48 };
const MOST_BENDS = 20000;

// nodes: [{width, height}], edges: [{from, to}] by number. Returns {width, height, at: [{x, y}], lines: [[x, y] …]}
// where `at` are the middles of nodes and `lines` one list of points for each edge; `back` are the edges that go back.
function layout(nodes, edges, wide) {
  const at = new Array(nodes.length), lines = new Array(edges.length), back = new Set();
  let x = 0, y = 0, row = 0, width = 0;
  const parts = components(nodes.length, edges).map((part) => place(part, nodes, edges));
  const most = Math.max(wide, ...parts.map((p) => p.width));
  for (const part of parts) {
    if (x > 0 && x + part.width > most) { x = 0; y += row + GAP.part; row = 0; }
    part.at.forEach((p, n) => { at[n] = { x: p.x + x, y: p.y + y }; });
    part.lines.forEach((points, e) => { lines[e] = points.map(([px, py]) => [px + x, py + y]); });
    part.back.forEach((e) => back.add(e));
    x += part.width + GAP.part;
    row = Math.max(row, part.height);
    width = Math.max(width, x - GAP.part);
  }
  return { width, height: y + row, at, lines, back };
}

// Sets of connected nodes, in the order of their first node, with their edges.
function components(count, edges) {
  const root = Array.from({ length: count }, (_, i) => i);
  const find = (n) => { while (root[n] !== n) n = root[n] = root[root[n]]; return n; };
  for (const e of edges) root[find(e.from)] = find(e.to);
  const parts = new Map();
  for (let n = 0; n < count; n++) {
    const r = find(n);
    if (!parts.has(r)) parts.set(r, { nodes: [], edges: [] });
    parts.get(r).nodes.push(n);
  }
  edges.forEach((e, i) => parts.get(find(e.from)).edges.push(i));
  return [...parts.values()];
}

function place(part, nodes, edges) {
  const back = backward(part, edges);
  const forward = part.edges.filter((e) => !back.has(e));
  const layer = layers(part, forward, edges);
  const { items, links, chains } = bend(part, forward, edges, nodes, layer);
  const rows = ordered(items, links);
  coordinates(items, rows, links);
  const tops = heights(rows, items);
  const at = new Map(), lines = new Map();
  items.forEach((item) => { if (item.node !== undefined) at.set(item.node, { x: item.x, y: tops[item.layer].middle }); });
  for (const [e, chain] of chains) lines.set(e, points(chain, items, tops));
  fan(forward, edges, nodes, lines);
  loops(back, edges, rows, items, tops, nodes, at, layer, lines);
  return { ...fitted(at, lines, nodes), back };
}

// Edges that lead back to a node on the way to them, found by walking depth first from where nothing leads to.
function backward(part, edges) {
  const next = new Map(part.nodes.map((n) => [n, []]));
  const entered = new Set();
  for (const e of part.edges) {
    next.get(edges[e].from).push(e);
    if (edges[e].from !== edges[e].to) entered.add(edges[e].to);
  }
  const state = new Map(), back = new Set();
  const starts = [...part.nodes.filter((n) => !entered.has(n)), ...part.nodes];
  for (const start of starts) {
    if (state.has(start)) continue;
    const open = [[start, 0]];
    state.set(start, "open");
    while (open.length) {
      const top = open[open.length - 1];
      const e = next.get(top[0])[top[1]++];
      if (e === undefined) { state.set(top[0], "done"); open.pop(); continue; }
      const to = edges[e].to;
      if (state.get(to) === "open") back.add(e);
      else if (!state.has(to)) { state.set(to, "open"); open.push([to, 0]); }
    }
  }
  return back;
}

// The layer of each node: below all that lead to it; what nothing leads to stands right above what it leads to.
function layers(part, forward, edges) {
  const layer = new Map(part.nodes.map((n) => [n, 0]));
  const waiting = new Map(part.nodes.map((n) => [n, 0]));
  const next = new Map(part.nodes.map((n) => [n, []]));
  for (const e of forward) {
    next.get(edges[e].from).push(edges[e].to);
    waiting.set(edges[e].to, waiting.get(edges[e].to) + 1);
  }
  const sources = part.nodes.filter((n) => waiting.get(n) === 0);
  const open = [...sources];
  for (let i = 0; i < open.length; i++) {
    for (const to of next.get(open[i])) {
      layer.set(to, Math.max(layer.get(to), layer.get(open[i]) + 1));
      waiting.set(to, waiting.get(to) - 1);
      if (waiting.get(to) === 0) open.push(to);
    }
  }
  for (const n of sources) {
    const below = next.get(n).map((to) => layer.get(to));
    if (below.length) layer.set(n, Math.min(...below) - 1);
  }
  return layer;
}

// Items to be placed: nodes, and a bend in each layer that a long edge passes.
function bend(part, forward, edges, nodes, layer) {
  const items = part.nodes.map((n) => ({ node: n, layer: layer.get(n), width: nodes[n].width, height: nodes[n].height }));
  const index = new Map(part.nodes.map((n, i) => [n, i]));
  const bends = forward.reduce((sum, e) => sum + layer.get(edges[e].to) - layer.get(edges[e].from) - 1, 0);
  const links = [], chains = new Map();
  for (const e of forward) {
    const { from, to } = edges[e];
    const chain = [index.get(from)];
    for (let l = layer.get(from) + 1; bends < MOST_BENDS && l < layer.get(to); l++) {
      chain.push(items.length);
      items.push({ layer: l, width: 6, height: 0 });
    }
    chain.push(index.get(to));
    for (let i = 1; i < chain.length; i++) links.push([chain[i - 1], chain[i]]);
    chains.set(e, chain);
  }
  return { items, links, chains };
}

// Rows of items, each row in an order with few crossings: every item goes to the mean place of its neighbours.
function ordered(items, links) {
  const rows = [];
  items.forEach((item, i) => { (rows[item.layer] = rows[item.layer] || []).push(i); });
  for (let l = 0; l < rows.length; l++) rows[l] = rows[l] || [];
  const up = items.map(() => []), down = items.map(() => []);
  for (const [a, b] of links) { down[a].push(b); up[b].push(a); }
  const number = () => rows.forEach((row) => row.forEach((i, n) => { items[i].order = n; }));
  const sort = (row, near) => {
    for (const i of row) {
      const places = near[i].map((n) => items[n].order);
      items[i].key = places.length ? places.reduce((a, b) => a + b, 0) / places.length : items[i].order;
    }
    row.sort((a, b) => items[a].key - items[b].key || items[a].order - items[b].order);
    row.forEach((i, n) => { items[i].order = n; });
  };
  number();
  for (let pass = 0; pass < 8; pass++) {
    if (pass % 2 === 0) for (let l = 1; l < rows.length; l++) sort(rows[l], up);
    else for (let l = rows.length - 2; l >= 0; l--) sort(rows[l], down);
  }
  return rows;
}

// The x of each item: as near to its neighbours as the others in its row allow.
function coordinates(items, rows, links) {
  const up = items.map(() => []), down = items.map(() => []);
  for (const [a, b] of links) { down[a].push(b); up[b].push(a); }
  for (const row of rows) {
    let x = 0;
    for (const i of row) { items[i].x = x + items[i].width / 2; x += items[i].width + GAP.x; }
  }
  const settle = (row, near) => {
    const wish = row.map((i) => {
      const places = near(i).map((n) => items[n].x);
      return places.length ? places.reduce((a, b) => a + b, 0) / places.length : items[i].x;
    });
    const weight = row.map((i) => (items[i].node === undefined ? 4 : 1));
    spread(row.map((i) => items[i].width), wish, weight).forEach((x, n) => { items[row[n]].x = x; });
  };
  for (let pass = 0; pass < 12; pass++) {
    for (let l = 1; l < rows.length; l++) settle(rows[l], (i) => up[i]);
    for (let l = rows.length - 2; l >= 0; l--) settle(rows[l], (i) => down[i]);
  }
  for (const row of rows) settle(row, (i) => (up[i].length && down[i].length ? [...up[i], ...down[i]] : up[i]));
}

// Middles next to the wishes, in the given order and without overlap (least squares, by pooling neighbours).
function spread(widths, wish, weight) {
  const offset = [0];
  for (let i = 1; i < widths.length; i++) offset[i] = offset[i - 1] + (widths[i - 1] + widths[i]) / 2 + GAP.x;
  const pools = [];
  wish.forEach((w, i) => {
    let pool = { sum: (w - offset[i]) * weight[i], weight: weight[i], count: 1 };
    while (pools.length && pools[pools.length - 1].sum / pools[pools.length - 1].weight > pool.sum / pool.weight) {
      const before = pools.pop();
      pool = { sum: before.sum + pool.sum, weight: before.weight + pool.weight, count: before.count + pool.count };
    }
    pools.push(pool);
  });
  const means = pools.flatMap((p) => new Array(p.count).fill(p.sum / p.weight));
  return means.map((m, i) => m + offset[i]);
}

// Where each row starts and ends.
function heights(rows, items) {
  let y = 0;
  return rows.map((row) => {
    const height = Math.max(24, ...row.map((i) => items[i].height));
    const top = { top: y, bottom: y + height, middle: y + height / 2 };
    y += height + GAP.y;
    return top;
  });
}

// The points of an edge: out at the bottom of one node, through its bends, in at the top of another.
function points(chain, items, tops) {
  const found = [];
  chain.forEach((i, n) => {
    const item = items[i], row = tops[item.layer], half = item.height / 2;
    if (n === 0) found.push([item.x, row.middle + half]);
    else if (n === chain.length - 1) found.push([item.x, row.middle - half]);
    else found.push([item.x, row.top], [item.x, row.bottom]);
  });
  return found;
}

// Edges of one node leave and enter it side by side, in the order in which they lie.
function fan(forward, edges, nodes, lines) {
  const side = (end, point, next) => {
    const groups = new Map();
    for (const e of forward) groups.set(edges[e][end], [...(groups.get(edges[e][end]) || []), e]);
    for (const [n, group] of groups) {
      const step = Math.min(26, (nodes[n].width - 30) / group.length);
      group.sort((a, b) => lines.get(a).at(next)[0] - lines.get(b).at(next)[0]);
      group.forEach((e, i) => { lines.get(e).at(point)[0] += (i - (group.length - 1) / 2) * step; });
    }
  };
  side("from", 0, 1);
  side("to", -1, -2);
}

// Loops: down, to a lane at the right of all rows on the way, up, and in from above.
function loops(back, edges, rows, items, tops, nodes, at, layer, lines) {
  const right = rows.map((row) => Math.max(...row.map((i) => items[i].x + items[i].width / 2)));
  const span = (e) => layer.get(edges[e].from) - layer.get(edges[e].to);
  for (const e of [...back].sort((a, b) => span(a) - span(b))) {
    const { from, to } = edges[e];
    const [low, high] = [layer.get(from), layer.get(to)];
    const lane = Math.max(...right.slice(Math.min(low, high), Math.max(low, high) + 1)) + GAP.lane;
    for (let l = Math.min(low, high); l <= Math.max(low, high); l++) right[l] = lane;
    const start = [at.get(from).x + nodes[from].width / 4, at.get(from).y + nodes[from].height / 2];
    const end = [at.get(to).x + nodes[to].width / 4, at.get(to).y - nodes[to].height / 2];
    const out = tops[low].bottom + 14, back_in = tops[high].top - 16;
    const path = [start, [start[0], out], [lane, out], [lane, back_in], [end[0], back_in], end];
    lines.set(e, path);
  }
}

// Everything moved so that it starts at 0, with its size.
function fitted(at, lines, nodes) {
  let left = Infinity, right = -Infinity, top = Infinity, bottom = -Infinity;
  const grow = (x0, x1, y0, y1) => {
    left = Math.min(left, x0); right = Math.max(right, x1); top = Math.min(top, y0); bottom = Math.max(bottom, y1);
  };
  at.forEach((p, n) => grow(p.x - nodes[n].width / 2, p.x + nodes[n].width / 2, p.y - nodes[n].height / 2, p.y + nodes[n].height / 2));
  lines.forEach((list) => list.forEach(([x, y]) => grow(x, x, y, y)));
  at.forEach((p) => { p.x -= left; p.y -= top; });
  lines.forEach((list) => list.forEach((p) => { p[0] -= left; p[1] -= top; }));
  return { width: right - left, height: bottom - top, at, lines };
}
