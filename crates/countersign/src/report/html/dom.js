// Elements made of text, never of markup, and the words that all parts of the page share.

const SEVERITIES = ["info", "low", "medium", "high", "critical"];
const TIERS = ["0", "1", "2", "3", "opaque"];
const TIER_WORDS = [
  "reads, notifies, asks", "writes, tickets, requests", "changes access", "privileged or credentials",
  "not known until declared",
];

// Effects by how a step is coloured: the first group with one of its effects wins.
const GROUPS = [
  { id: "rule", words: "changes rules, decisions or accounts",
    kinds: ["change-policy", "decide", "certify", "update-identity"] },
  { id: "credential", words: "touches credentials",
    kinds: ["issue-credential", "reset-credential", "rotate-credential", "read-secret"] },
  { id: "add", words: "adds access", kinds: ["grant", "create-identity", "enable"] },
  { id: "remove", words: "removes access", kinds: ["revoke", "disable", "delete-identity", "revoke-credential"] },
  { id: "ask", words: "asks a person", kinds: ["ask"] },
  { id: "unknown", words: "effect not known", kinds: ["opaque", "code", "call"] },
];

const GATES = {
  none: "none", present: "approved", authorised: "authorised", "fails-open": "fails open",
  ignored: "answer ignored", "after-change": "after the change", "n/a": "",
};

const TRIGGERS = { schedule: "the clock", manual: "a person", subflow: "another workflow", external: "a call from outside" };

function groupOf(step) {
  const kinds = (step.effects || []).map((e) => e.kind);
  return GROUPS.find((g) => g.kinds.some((k) => kinds.includes(k)));
}

// Text of somebody else without what would turn its direction around or hide it.
function plain(text) {
  return String(text).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu, "\ufffd");
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (value === true) {
      node.setAttribute(name, "");
    } else if (value !== false && value !== undefined && value !== null) {
      node.setAttribute(name, value);
    }
  }
  for (const child of children.flat(3)) {
    if (child === undefined || child === null || child === false || child === "") continue;
    node.append(child instanceof Node ? child : document.createTextNode(plain(child)));
  }
  return node;
}

function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function byId(id) {
  return document.getElementById(id);
}

function button(text, attributes, click) {
  return h("button", { type: "button", ...attributes, on: { click } }, text);
}

function number(n) {
  return n.toLocaleString("en");
}

function plural(n, one, many) {
  return `${number(n)} ${n === 1 ? one : many || one + "s"}`;
}

function badge(severity, text) {
  return h("span", { class: `badge ${severity}` }, text || severity);
}

function gateBadge(gate) {
  const words = GATES[gate] ?? gate;
  const held = gate === "present" || gate === "authorised";
  return words && h("span", { class: `gate ${held ? "held" : "broken"}` }, (held ? "✓ " : "✗ ") + words);
}

// Markdown as the rules' pages use it: headings, paragraphs, lists, tables, code.
function markdown(text) {
  const out = h("div", { class: "manual" });
  let list = null, code = null, rows = null;
  const end = () => { list = rows = null; };
  for (const line of text.split("\n")) {
    if (line.startsWith("```")) {
      end();
      code = code ? null : out.appendChild(h("pre", { tabindex: "0" }));
    } else if (code) {
      code.append(line + "\n");
    } else if (/^#+ /.test(line)) {
      end();
      if (!line.startsWith("# ")) out.append(h("h5", {}, inline(line.replace(/^#+ /, ""))));
    } else if (/^[-*] /.test(line)) {
      list = list || out.appendChild(h("ul"));
      list.append(h("li", {}, inline(line.slice(2))));
    } else if (line.startsWith("|")) {
      if (/^[|\s:-]+$/.test(line)) continue;
      const head = !rows;
      rows = rows || out.appendChild(h("table"));
      const cells = line.replace(/^\||\|\s*$/g, "").split("|");
      rows.append(h("tr", {}, cells.map((c) => h(head ? "th" : "td", {}, inline(c.trim())))));
    } else if (line.trim() === "") {
      end();
      out.append("");
    } else if (list && line.startsWith("  ")) {
      list.lastChild.append(" ", ...inline(line.trim()));
    } else {
      const last = out.lastChild;
      if (last instanceof HTMLParagraphElement) last.append(" ", ...inline(line));
      else { end(); out.append(h("p", {}, inline(line))); }
    }
  }
  return out;
}

function inline(text) {
  const parts = plain(text).split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([^)]+\))/);
  return parts.filter((p) => p).map((part) => {
    if (part.startsWith("`") && part.length > 2) return h("code", {}, part.slice(1, -1));
    if (part.startsWith("**")) return h("strong", {}, part.slice(2, -2));
    const link = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(part);
    if (!link) return document.createTextNode(part);
    return link[2].startsWith("https://") ? h("a", { href: link[2], rel: "noreferrer" }, link[1]) : h("span", {}, link[1]);
  });
}
