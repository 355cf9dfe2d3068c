//! Code that plainly only shapes data: no request, no command, nothing brought in that can do either.

use super::comments::without_comments;
use super::kept;
use aho_corasick::packed::Searcher;
use memchr::memmem;
use regex::Regex;
use std::borrow::Cow;
use std::sync::OnceLock;
use workflow::CodeLanguage;

/// Whether a text can be read and plainly only shapes data.
#[must_use]
pub fn only_shapes_data(language: CodeLanguage, text: &str) -> bool {
    match language {
        CodeLanguage::JavaScript => {
            let text = without_comments(language, text);
            let text = &without_shaping_helpers(&text);
            let reaches = may_reach(text) && finds(&JAVASCRIPT, JAVASCRIPT_REACHES, text);
            !reaches
                && modules(text).all(|m| SAFE_MODULES.contains(&m))
                && !composes(text)
                && !kept::is_called(text, SAFE_MODULES)
        }
        CodeLanguage::Python => {
            let text = without_comments(language, text);
            let text = &without_url_parsing(&text);
            !finds(&PYTHON, PYTHON_REACHES, text)
                && imports(text).iter().all(|m| SAFE_IMPORTS.contains(&m.as_str()))
        }
        _ => text.trim().is_empty(),
    }
}

/// The first module that a text brings in of which it is not known that it only shapes data.
#[must_use]
pub fn brought_in(language: CodeLanguage, text: &str) -> Option<String> {
    let text = without_comments(language, text);
    match language {
        CodeLanguage::JavaScript => modules(&text).find(|m| !SAFE_MODULES.contains(m)).map(str::to_owned),
        CodeLanguage::Python => {
            let text = without_url_parsing(&text);
            imports(&text).into_iter().find(|m| !SAFE_IMPORTS.contains(&m.as_str()))
        }
        _ => None,
    }
}

static JAVASCRIPT: OnceLock<Option<Regex>> = OnceLock::new();
static PYTHON: OnceLock<Option<Regex>> = OnceLock::new();

/// What reaches out of JavaScript: requests, processes, evaluation, the host's helpers.
const JAVASCRIPT_REACHES: &str = r"(?x)
    (?-u:\b)fetch\s*\( | (?-u:\b)axios(?-u:\b) | XMLHttpRequest | WebSocket | (?-u:\b)child_process(?-u:\b) | (?-u:\b)execSync(?-u:\b) | (?-u:\b)spawn\s*\(
    | (?-u:\b)eval\s*(?:\?\.\s*)?\( | [=(,:]\s*eval\s*[;,)\n] | (?-u:\b)Function\s*(?:\?\.\s*)?\( | (?-u:\b)Function\s*\.\s*(?:apply|call|bind)(?-u:\b)
    | \.\s*constructor\s*(?:\?\.\s*)?[(\[;,)] | \.\s*constructor\s*(?:\n|$) | \.\s*constructor\s*\??\.\s*(?:constructor|apply|call|bind)(?-u:\b)
    | \[\s*['\x22`](?:constructor|helpers)['\x22`]\s*\] | \{\s*constructor\s*[:,}]
    | (?-u:\b)(?:globalThis|global|process)\s*(?:\?\.\s*)?\[ | [=(,:]\s*globalThis\s*[;,)\n]
    | (?-u:\b)globalThis\s*\??\.\s*(?:eval|Function|fetch|process|require)(?-u:\b)
    | (?-u:\b)require\(\s*[^'\x22`\s)] | [=(,:]\s*require\s*[;,)\n]
    | (?-u:\b)process\s*\.\s*(?:exit|kill|binding|mainModule|getBuiltinModule) | \$http(?-u:\b)
    | (?-u:\b)this\s*\.\s*helpers(?-u:\b) | (?-u:\b)helpers\s*\.\s*(?:httpRequest|request) | (?-u:\b)import\s*\( | (?-u:\b)Deno(?-u:\b) | (?-u:\b)Bun(?-u:\b)
    | sendRequest | \.request\s*\( | httpRequest | (?-u:\b)new\s+context\s*\.\s*global\s*\.
    | (?-u:\b)global\s*\.\s*get\s*\(\s*['\x22](?:fs|fs-extra|http|https|net|dgram|tls|request|got|ssh2|ldapjs|nodemailer|puppeteer|playwright)['\x22]";

/// What stands in all of these: looked for before the pattern, for most code has none of them.
const REACHING: [&str; 21] = [
    "fetch",
    "axios",
    "XMLHttpRequest",
    "WebSocket",
    "child_process",
    "execSync",
    "spawn",
    "eval",
    "Function",
    "constructor",
    "require",
    "process",
    "$http",
    "helpers",
    "import",
    "Deno",
    "Bun",
    "sendRequest",
    ".request",
    "httpRequest",
    "global",
];

/// Whether something of JavaScript may reach out.
fn may_reach(text: &str) -> bool {
    static WORDS: OnceLock<Option<Searcher>> = OnceLock::new();
    let words = WORDS.get_or_init(|| Searcher::new(REACHING)).as_ref();
    words.is_none_or(|words| words.find(text).is_some())
}

/// Whether a member is called whose name is put together: what it is, only the run knows.
fn composes(text: &str) -> bool {
    if memmem::find(text.as_bytes(), b"](").is_none() {
        return false;
    }
    static COMPOSED: OnceLock<Option<Regex>> = OnceLock::new();
    let source = r"[\w$)\]]\s*\[[^\[\]\n]*(?:['\x22`]\s*\+|\+\s*['\x22`]|`[^`\n]*\$\{)[^\[\]\n]*\]\(";
    finds(&COMPOSED, source, text)
}

/// What reaches out of Python. A module's name counts where something of it is used, not in a text or as a key; `re.compile`
/// makes a pattern.
const PYTHON_REACHES: &str = r"(?x)
    (?-u:\b)eval\s*\( | (?-u:\b)exec\s*\( | (?-u:\b)__import__(?-u:\b) | (?-u:\b)open\s*\( | (?:^|[^.\w])compile\s*\( | (?-u:\b)os\s*\.\s*(?:system|popen|exec)
    | (?-u:\b)(?:subprocess|urllib|requests|httpx|socket|boto3)\s*\.\s*\w | (?:import|from)\s+(?:subprocess|urllib|requests|httpx|socket|boto3)
    | phantom\.(?:act|playbook|requests)(?-u:\b)";

/// A text without comments on lines of their own and without `urllib.parse`, which takes addresses apart and opens none.
fn without_url_parsing(text: &str) -> Cow<'_, str> {
    static PARSING: OnceLock<Option<Regex>> = OnceLock::new();
    let source = r"(?m)^\s*#[^\n]*|^\s*from\s+urllib\.parse\s+import[\w ,]*$|^\s*import\s+urllib\.parse(?:\s+as\s+\w+)?\s*$|(?-u:\b)urllib\.parse\.(?:quote|unquote|urlparse|urlsplit|urlunparse|urlencode|urljoin|parse_qs)\w*";
    let regex = PARSING.get_or_init(|| Regex::new(source).ok()).as_ref();
    regex.map_or(Cow::Borrowed(text), |r| r.replace_all(text, ""))
}

/// The host's helpers that only turn data into files and back.
fn without_shaping_helpers(text: &str) -> Cow<'_, str> {
    if memmem::find(text.as_bytes(), b"helpers").is_none() {
        return Cow::Borrowed(text);
    }
    static HELPERS: OnceLock<Option<Regex>> = OnceLock::new();
    let source = r"(?-u:\b)this\s*\.\s*helpers\s*\.\s*(?:prepareBinaryData|getBinaryDataBuffer|setBinaryDataBuffer|assertBinaryData|binaryToBuffer|binaryToString|returnJsonArray|normalizeItems)\s*\(";
    let regex = HELPERS.get_or_init(|| Regex::new(source).ok()).as_ref();
    regex.map_or(Cow::Borrowed(text), |r| r.replace_all(text, "shape("))
}

const SAFE_MODULES: &[&str] = &[
    "crypto",
    "moment",
    "moment-timezone",
    "lodash",
    "luxon",
    "uuid",
    "url",
    "querystring",
    "util",
    "path",
    "buffer",
    "string_decoder",
    "assert",
    "ajv",
    "date-fns",
    "xml2js",
    "cheerio",
    "papaparse",
    "csv-parse",
    "dayjs",
    "he",
    "marked",
    "node:crypto",
    "node:url",
    "node:util",
    "node:path",
    "objectid",
    "bson",
    "bcrypt",
    "bcryptjs",
    "jsonwebtoken",
    "nanoid",
    "js-yaml",
    "jsonata",
    "mathjs",
    "iconv-lite",
];

const SAFE_IMPORTS: &[&str] = &[
    "json",
    "re",
    "datetime",
    "math",
    "base64",
    "hashlib",
    "hmac",
    "collections",
    "itertools",
    "functools",
    "random",
    "time",
    "uuid",
    "string",
    "typing",
    "html",
    "statistics",
    "decimal",
    "copy",
    "operator",
    "textwrap",
    "unicodedata",
    "calendar",
    "ipaddress",
    "csv",
    "io",
    "enum",
    "dataclasses",
    "secrets",
    "binascii",
    "struct",
    "fractions",
    "zoneinfo",
    "dateutil",
    "pytz",
    "heapq",
    "bisect",
    "difflib",
    "pprint",
    "ast",
    "traceback",
    "logging",
    "__future__",
    "phantom",
    "inspect",
    "warnings",
    "xmltodict",
    "xml",
    "numpy",
    "pandas",
    "bs4",
    "locale",
    "numbers",
    "types",
    "contextlib",
    "abc",
    "shlex",
];

fn finds(cell: &'static OnceLock<Option<Regex>>, source: &str, text: &str) -> bool {
    let regex = cell.get_or_init(|| Regex::new(source).ok()).as_ref();
    regex.is_none_or(|r| r.is_match(text))
}

/// `require('x')`, `import 'x'` and `import … from 'x'`.
fn modules(text: &str) -> impl Iterator<Item = &str> {
    static MODULE: OnceLock<Option<Regex>> = OnceLock::new();
    let source = r#"(?:(?-u:\b)require\s*\(\s*|(?m:^)\s*(?:import|export)\s+(?:[\w\s{},*$]+?\s*from\s*)?)['"`]([^'"`]+)['"`]"#;
    let may = ["require", "import", "export"].iter().any(|word| text.contains(word));
    let regex = MODULE.get_or_init(|| Regex::new(source).ok()).as_ref().filter(|_| may);
    regex.into_iter().flat_map(|r| r.captures_iter(text)).filter_map(|c| c.get(1).map(|m| m.as_str()))
}

/// Top-level names of imported modules.
fn imports(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("from ") {
            found.extend(rest.split([' ', '.']).next().map(str::to_owned));
        } else if let Some(rest) = line.strip_prefix("import ") {
            let names = rest.split(',').filter_map(|n| n.trim().split([' ', '.']).next());
            found.extend(names.map(str::to_owned));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_reaches_out_has_a_word_that_is_looked_for() {
        let pattern = JAVASCRIPT_REACHES.replace('\\', "");
        for alternative in pattern.split(" | ") {
            assert!(REACHING.iter().any(|word| alternative.contains(word)), "{alternative}");
        }
        assert!(may_reach("await fetch (url)") && !may_reach("return [{ json: { a: 1 } }];"));
    }

    #[test]
    fn the_module_that_makes_code_unknown_is_named() {
        let python = |text| brought_in(CodeLanguage::Python, text);
        assert_eq!(python("import json, ldap3").as_deref(), Some("ldap3"));
        assert_eq!(python("import json\n# import ldap3\nx = json.loads(y)"), None);
        let node = brought_in(CodeLanguage::JavaScript, "const fs = require('fs');");
        assert_eq!(node.as_deref(), Some("fs"));
    }

    #[test]
    fn shaping_is_told_from_reaching_out() {
        let js = |t| only_shapes_data(CodeLanguage::JavaScript, t);
        assert!(!js("var kafka = global.get('kafka'), client = new kafka.KafkaClient({});"));
        assert!(!js("const files = global.get('fs'); files.writeFileSync('a', 'b');"));
        assert!(!js("var s = new context.global.sonos.Sonos('10.0.0.9'); s.play(u);"));
        assert!(js(
            "let count = global.get('count') || 0; msg.at = new Date(); msg.list = new Array(count);"
        ));
        let py = |t| only_shapes_data(CodeLanguage::Python, t);
        assert!(js("return items.map(i => ({json: {a: i.json.b.toLowerCase()}}))"));
        assert!(js("const c = require('crypto'); return c.createHash('sha256')"));
        assert!(!js("const r = await fetch('https://x')"));
        assert!(!js("const cp = require('child_process')"));
        assert!(!js("import { exec } from 'node:child_process'"));
        assert!(js("// reads items from \"Prepare\", see fetch()\nreturn 'No items found in \"Prepare\".'"));
        assert!(js("/* axios */ return 'https://x//fetched'"));
        assert!(!js("const u = 'https://x'; await fetch(u)"));
        assert!(js("return [{binary: {data: await this.helpers.prepareBinaryData(b)}}]"));
        assert!(!js("await this.helpers.prepareBinaryData(await this.helpers.request(o))"));
        assert!(!js("await this.helpers.httpRequest({})"));
        assert!(py("import json, re\nreturn json.loads(x)"));
        assert!(py("import shlex\nwords = shlex.split(line)") && !py("import shlex, os"));
        assert!(py("    from urllib.parse import urlparse\n    host = urlparse(url).hostname"));
        assert!(py("import urllib.parse\nlink = 'https://x/?q={}'.format(urllib.parse.quote(name))"));
        assert!(py(
            "found = re.compile(r'[0-9]+').findall(text)\n# requests.post sends it later\nnote = 'open requests: ' + x['requests']"
        ));
        assert!(!py("import urllib.parse, urllib.request\nurllib.request.urlopen(u)"));
        assert!(!py("import urllib.parse\nurllib.request.urlopen(u)"));
        assert!(!py("from urllib.parse import quote; import os"));
        assert!(!py("exec(compile(source, 'x', 'exec'))"));
        assert!(!py("answer = phantom.requests.get(url, verify=False)"));
        assert!(!py("phantom.playbook('community/disable_user', container)"));
        assert!(!py("import requests\nrequests.get('x')"));
        assert!(!py("import ldap3"));
    }
}
