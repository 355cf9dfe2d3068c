//! What changes against what is in force, in sentences: part of the page that a person is shown, and so of what they sign.

use super::repository::{Repository, Unit};
use super::versions::was;
use super::view::{self, short};
use crate::{diff, people, walk};
use govern::{Entry, Event, World};
use ledger::{clean, count};
use policy::{Act, Governed, Group, Mode, People, Person, PolicySet, SubjectKind};
use serde_json::Value;
use similar::{Algorithm, DiffTag, capture_diff_slices};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// The most lines of one kind that are shown; how many more there are is said.
const MOST: usize = 200;
/// How many possible cases a change of the policy is tried on.
const CASES: u64 = 200;

/// Puts what changes into the page of a world: of what lies in the folder, or of what a commit has.
pub(super) fn show(repository: &Repository, world: &mut World, at: Option<&str>) {
    let changes = match world.subject.kind {
        SubjectKind::Workflow => workflow(repository, world, at),
        SubjectKind::Component | SubjectKind::Credential => Vec::new(),
        kind => governing(repository, kind, world),
    };
    world.changes = changes.iter().map(|line| clean(line)).collect();
    world.view = view::digest(world);
}

fn bounded(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(MOST);
    lines.truncate(MOST);
    lines.extend((more > 0).then(|| format!("    and {more} more")));
    lines
}

fn workflow(repository: &Repository, world: &World, at: Option<&str>) -> Vec<String> {
    let name = &world.subject.name;
    let Some(release) = repository.folded.state.released(name, &world.environment) else {
        let mut lines = vec!["  nothing of it was released before: all of it is new".to_owned()];
        let units = repository.named(name).map(|u| repository.closure(u)).unwrap_or_default();
        units.into_iter().for_each(|unit| lines.extend(bounded(stated(repository, unit))));
        return lines;
    };
    if release.closure == world.subject.closure {
        return vec![format!("  it is what is released as {}", short(&release.id))];
    }
    let parts = parts(&release.parts, &world.parts);
    let mut lines = vec![format!("  since the release {}:", short(&release.id))];
    lines.extend(bounded(parts.iter().map(|(part, what)| format!("    `{part}` {what}")).collect()));
    let commit = release_of(repository, name, &release.closure).map_or(&release.commit, |e| &e.commit);
    let units = repository.named(name).map(|u| repository.closure(u)).unwrap_or_default();
    let changed = |u: &&Unit| parts.iter().any(|(part, _)| part.starts_with(&format!("{}/", u.name)));
    for unit in units.into_iter().filter(changed) {
        lines.extend(bounded(does(repository, unit, commit, at)));
    }
    lines
}

/// What the control record of a workflow states: at most so much may it do, and these answer for it.
fn stated(repository: &Repository, unit: &Unit) -> Vec<String> {
    let record = match repository.body(unit) {
        Ok(body) if body.record.is_empty() => return Vec::new(),
        Ok(body) => serde_json::from_str(&body.record).map_err(|e| e.to_string()),
        Err(e) => Err(e.to_string()),
    };
    match record {
        Err(e) => vec![format!("    what the control record of `{}` states cannot be shown: {e}", unit.name)],
        Ok(record) => {
            let title = format!("    the control record of `{}` states:", unit.name);
            let fields = check::diff::stated(&record).into_iter().map(|field| format!("      {field}"));
            [title].into_iter().chain(fields).collect()
        }
    }
}

/// The newest release of a closure of a workflow.
pub(super) fn release_of<'r>(repository: &'r Repository, name: &str, closure: &str) -> Option<&'r Event> {
    let of = |e: &&Event| e.act == Act::Release && e.subject.name == name && e.subject.closure == closure;
    repository.entries.iter().map(|e| &e.event).filter(of).max_by_key(|e| e.at)
}

/// The parts that are others, with what became of them.
fn parts<'w>(
    old: &'w BTreeMap<String, String>,
    new: &'w BTreeMap<String, String>,
) -> Vec<(&'w str, &'static str)> {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let told = |name: &'w String| match (old.get(name), new.get(name)) {
        (was, is) if was == is => None,
        (None, _) => Some((name.as_str(), "is new")),
        (_, None) => Some((name.as_str(), "is gone")),
        _ => Some((name.as_str(), "changed")),
    };
    names.into_iter().filter_map(told).collect()
}

/// What a workflow does differently than in the commit of a release.
fn does(repository: &Repository, unit: &Unit, commit: &str, at: Option<&str>) -> Vec<String> {
    let name = repository.head(unit).map(|h| h.name.to_string()).unwrap_or_default();
    diff::sentences(&repository.root, &unit.path, &name, (commit, at)).unwrap_or_else(|why| {
        let commit = if commit.is_empty() { "no commit" } else { commit };
        vec![format!(
            "    what `{}` does differently cannot be said, against `{}` of the release ({}): {}",
            unit.name,
            unit.path,
            commit.get(..12).unwrap_or(commit),
            clean(&why.to_string())
        )]
    })
}

fn governing(repository: &Repository, kind: SubjectKind, world: &World) -> Vec<String> {
    let what = match kind {
        SubjectKind::Policy => Governed::Policy,
        SubjectKind::People => Governed::People,
        _ => Governed::Configuration,
    };
    let in_force = repository.folded.state.governed.get(&what);
    let entry = in_force.and_then(|v| repository.entries.iter().find(|e| e.id == v.id));
    let mut lines = match in_force {
        Some(v) if v.digest == world.subject.closure => {
            return vec![format!("  it is what is in force as {}", short(&v.digest))];
        }
        Some(v) => vec![format!("  against {}, which is in force:", short(&v.digest))],
        None => vec!["  it was never put in force: all of it is new".to_owned()],
    };
    lines.extend(bounded(match kind {
        SubjectKind::Policy => policy(repository, entry),
        SubjectKind::People => directory(repository, entry),
        _ => configuration(repository, entry, world),
    }));
    lines
}

/// A file as it is in force; an empty one where nothing is.
fn before(repository: &Repository, entry: Option<&Entry>, name: &str) -> Option<String> {
    entry.map_or_else(|| Some(String::new()), |entry| was(&repository.root, entry, name))
}

/// What is said where what is in force is in no commit here; all of what lies in the folder is shown then.
fn lost(name: &str) -> String {
    format!(
        "    `{name}` as it is in force is in no commit here: all of it is shown (fetch the whole history)"
    )
}

fn configuration(repository: &Repository, entry: Option<&Entry>, world: &World) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, digest) in &world.parts {
        if entry.and_then(|e| e.event.parts.get(name)) == Some(digest) {
            continue;
        }
        if govern::modes_part(&repository.modes).is_some_and(|(part, _)| part == *name) {
            continue;
        }
        let old = before(repository, entry, name);
        lines.extend(old.is_none().then(|| lost(name)));
        lines.extend(file(name, &old.unwrap_or_default(), walk::text(&repository.root.join(name))));
    }
    let old = entry.map(|e| &e.event.modes);
    if *old.unwrap_or(&BTreeMap::new()) != repository.modes {
        lines.push(format!("    in force will be: {}", modes(&repository.modes)));
    }
    lines
}

/// What changed in a file. One that is not there is empty; of one that cannot be read nothing else can be said.
fn file(name: &str, old: &str, new: io::Result<String>) -> Vec<String> {
    match new {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            vec![format!("    `{name}` cannot be read, and what changes in it cannot be shown: {e}")]
        }
        new => {
            let changed = changed_lines(old, &new.unwrap_or_default());
            let title = (!changed.is_empty()).then(|| format!("    {name}:"));
            title.into_iter().chain(changed).collect()
        }
    }
}

/// Which tiers are governed how.
fn modes(modes: &BTreeMap<u8, Mode>) -> String {
    let line = |(tier, mode): (&u8, &Mode)| format!("tier {tier} `{}`", mode.as_str());
    let all: Vec<String> = modes.iter().map(line).collect();
    if all.is_empty() { "every tier enforced".to_owned() } else { all.join(", ") }
}

/// The lines that changed, each place for itself: at which line of the new file, in which section, what went and what came.
fn changed_lines(old: &str, new: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut lines = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
        let (gone, came) = (op.old_range(), op.new_range());
        if op.tag() == DiffTag::Equal {
            continue;
        }
        let (within, at) = if came.is_empty() { (&old, gone.start) } else { (&new, came.start) };
        let inside = section(within, at).map(|s| format!(", in `{s}`")).unwrap_or_default();
        lines.push(format!("      line {}{inside}:", came.start + 1));
        let marked = |mark: char, all: &[&str]| -> Vec<String> {
            all.iter().map(|l| format!("      {mark} {}", l.trim_end())).collect()
        };
        lines.extend(marked('-', old.get(gone).unwrap_or_default()));
        lines.extend(marked('+', new.get(came).unwrap_or_default()));
    }
    lines
}

/// The line that opens the section in which a line stands: of YAML the nearest above that is indented less, of TOML the table.
fn section<'l>(lines: &[&'l str], at: usize) -> Option<&'l str> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let deep = lines.get(at).map_or(0, |line| indent(line));
    let opens = |line: &&&str| {
        let table = line.starts_with('[');
        table || !line.trim().is_empty() && indent(line) < deep
    };
    lines.get(..at)?.iter().rev().find(opens).map(|line| line.trim())
}

fn directory(repository: &Repository, entry: Option<&Entry>) -> Vec<String> {
    let text = before(repository, entry, "people.yaml");
    let old = text.as_deref().and_then(|t| people::parse(t).ok()).map(|(people, _)| people);
    let missing = entry.filter(|_| old.is_none()).map(|_| lost("people.yaml"));
    missing.into_iter().chain(between(&old.unwrap_or_default(), &repository.here().people)).collect()
}

/// What differs between two directories, a sentence for each thing.
fn between(old: &People, new: &People) -> Vec<String> {
    let value = |of: Option<&Person>| of.and_then(|p| serde_json::to_value(p).ok()).unwrap_or_default();
    let ids: BTreeSet<&String> = old.all().iter().chain(new.all()).map(|p| &p.id).collect();
    let mut lines = Vec::new();
    for id in ids {
        let (was, is) = (old.person(id), new.person(id));
        let called = is.or(was).map_or(id.as_str(), Person::called);
        match (was, is) {
            (None, _) => lines.push(format!("    {called} (`{id}`) is new")),
            (_, None) => lines.push(format!("    {called} (`{id}`) is gone")),
            _ => {}
        }
        if is.is_some() {
            lines.extend(fields(called, &value(was), &value(is)));
        }
    }
    let groups: BTreeSet<&String> = old.groups().iter().chain(new.groups()).map(|g| &g.id).collect();
    let members = |of: &People, id: &str| -> Vec<Value> {
        let group = of.groups().iter().find(|g| g.id == id);
        group.into_iter().flat_map(|g: &Group| &g.members).map(|m| Value::from(m.as_str())).collect()
    };
    for id in groups {
        lines.extend(items(&format!("the group `{id}`"), "members", &members(old, id), &members(new, id)));
    }
    lines
}

/// What differs between two people, field by field.
fn fields(called: &str, was: &Value, is: &Value) -> Vec<String> {
    let names =
        |of: &Value| of.as_object().map(|o| o.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let all: BTreeSet<String> = names(was).into_iter().chain(names(is)).filter(|n| n != "id").collect();
    let mut lines = Vec::new();
    for name in all {
        let none = Value::Null;
        let (old, new) = (was.get(&name).unwrap_or(&none), is.get(&name).unwrap_or(&none));
        if old.is_array() || new.is_array() {
            let list = |of: &Value| of.as_array().cloned().unwrap_or_default();
            lines.extend(items(called, &name, &list(old), &list(new)));
        } else if old != new {
            lines.push(match (old, new) {
                (Value::Null, new) => format!("      {called}: {name} {}", words(new)),
                (old, Value::Null) => format!("      {called}: {name} was {}, now none", words(old)),
                (old, new) => format!("      {called}: {name} was {}, now {}", words(old), words(new)),
            });
        }
    }
    lines
}

/// What a list has more and less.
fn items(called: &str, name: &str, old: &[Value], new: &[Value]) -> Vec<String> {
    let (gains, loses) = match name {
        "roles" => ("gains the role", "loses the role"),
        "keys" => ("gains the key", "loses the key"),
        "delegates" => ("lets act for them", "no longer lets act for them"),
        "bots" => ("gains the bot", "loses the bot"),
        "members" => ("gains the member", "loses the member"),
        _ => ("gains", "loses"),
    };
    let of = if gains == "gains" { format!(" in {name}") } else { String::new() };
    let gained = new.iter().filter(|v| !old.contains(v));
    let lost = old.iter().filter(|v| !new.contains(v));
    let gained = gained.map(|v| format!("      {called} {gains} {}{of}", words(v)));
    gained.chain(lost.map(|v| format!("      {called} {loses} {}{of}", words(v)))).collect()
}

/// A value in words: its text, or its fields.
fn words(value: &Value) -> String {
    let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), |t| format!("`{t}`"));
    let Some(fields) = value.as_object() else { return text(value) };
    let rank = |name: &str| usize::from(!matches!(name, "to" | "role" | "key" | "account"));
    let mut all: Vec<(&String, &Value)> = fields.iter().filter(|(_, v)| !v.is_null()).collect();
    all.sort_by_key(|(name, _)| (rank(name), *name));
    let one = |(name, v): (&String, &Value)| match rank(name) {
        0 => text(v),
        _ => format!(
            "{name} {}",
            v.as_array().map_or_else(|| text(v), |l| l.iter().map(text).collect::<Vec<_>>().join(", "))
        ),
    };
    all.into_iter().map(one).collect::<Vec<_>>().join(", ")
}

fn policy(repository: &Repository, entry: Option<&Entry>) -> Vec<String> {
    let new = &repository.here().set;
    if entry.is_none() { rules(&PolicySet::core(), new) } else { rules(&repository.set, new) }
}

/// The policies that differ, and which answers change by it.
fn rules(old: &PolicySet, new: &PolicySet) -> Vec<String> {
    let mut lines = Vec::new();
    let ids: BTreeSet<&String> = old.policies().chain(new.policies()).map(|p| &p.id).collect();
    for id in ids {
        let word = match (old.policy(id), new.policy(id)) {
            (None, _) => "is new",
            (_, None) => "is gone",
            (Some(was), Some(is)) if was.text != is.text => "changed",
            _ => continue,
        };
        lines.push(format!("    the policy `{id}` {word}"));
        let reason = new.policy(id).filter(|_| word != "is gone").map(|p| &p.reason);
        lines.extend(reason.map(|r| format!("      {r}")));
    }
    let cases = (0..CASES).map(|n| (format!("case {n}"), policy::sample::case(n)));
    let changes = policy::compare(old, new, cases);
    if !lines.is_empty() && changes.is_empty() {
        lines.push(format!(
            "    no answer changes in {CASES} cases tried; `countersign policy diff` tries more"
        ));
    }
    for change in changes {
        let word = |allowed: bool| if allowed { "allowed" } else { "refused" };
        let of = usize::try_from(CASES).unwrap_or(usize::MAX);
        lines.push(format!(
            "    to {}: {} → {} in {} of {} tried{}",
            change.act.phrase(),
            word(change.was),
            word(change.is),
            change.cases,
            count(of, "case", "cases"),
            if change.new.is_empty() { String::new() } else { format!(", now by {}", change.new.join(", ")) }
        ));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{between, changed_lines, file, rules};
    use policy::{Delegate, People, Person, PolicySet, Role, Source};

    #[test]
    fn each_thing_that_differs_between_two_directories_is_a_sentence() {
        let ann = Person { id: "ann".into(), name: "Ann".into(), ..Person::default() };
        let ben = Person { id: "ben".into(), active: false, ..Person::default() };
        let role = Role { role: "security-approver".into(), period: policy::Period::default() };
        let until = "2026-12-24".parse().ok();
        let lends = Delegate { to: "ben".into(), roles: vec!["a".into(), "b".into()], from: None, until };
        let more =
            Person { roles: vec![role], delegates: vec![lends], manager: Some("ben".into()), ..ann.clone() };
        let (old, new) = (People::new(vec![ann], Vec::new()), People::new(vec![more, ben], Vec::new()));
        assert_eq!(
            between(&old, &new),
            [
                "      Ann lets act for them `ben`, roles `a`, `b`, until `2026-12-24T00:00:00Z`",
                "      Ann: manager `ben`",
                "      Ann gains the role `security-approver`",
                "    ben (`ben`) is new",
                "      ben: active false",
                "      ben: employment `employee`",
                "      ben: name ``",
            ]
        );
        assert!(between(&new, &old).contains(&"    ben (`ben`) is gone".to_owned()));
        assert_eq!(between(&new, &new), Vec::<String>::new());
    }

    #[test]
    fn a_line_that_moves_or_changes_is_seen() {
        assert_eq!(changed_lines("a\nb\nc\n", "a\nx\nc\n"), ["      line 2:", "      - b", "      + x"]);
        assert_eq!(changed_lines("a\nb\n", "b\na\n").len(), 4);
        assert_eq!(changed_lines("a\na\n", "a\n").last().map(String::as_str), Some("      - a"));
        assert_eq!(changed_lines("a\n", "a\n"), Vec::<String>::new());
    }

    #[test]
    fn places_that_changed_stand_apart_each_with_its_section() {
        let (old, new) = ("[a]\nx = 1\ny = 2\n\n[b]\nx = 1\n", "[a]\nx = 2\ny = 2\n\n[b]\n");
        let told = ["line 2, in `[a]`:", "- x = 1", "+ x = 2", "line 6, in `[b]`:", "- x = 1"];
        assert_eq!(changed_lines(old, new), told.map(|l| format!("      {l}")));
        let old = "credentials:\n  - id: a\n    owner: ann\n  - id: b\n    owner: ann\n";
        let told = ["line 5, in `- id: b`:", "-     owner: ann", "+     owner: ben"];
        let new = old.replacen("b\n    owner: ann", "b\n    owner: ben", 1);
        assert_eq!(changed_lines(old, &new), told.map(|l| format!("      {l}")));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_told_as_emptied() {
        let told = |kind: std::io::ErrorKind| file("connectors.yaml", "a\n", Err(kind.into()));
        assert_eq!(
            told(std::io::ErrorKind::NotFound),
            ["    connectors.yaml:", "      line 1:", "      - a"]
        );
        let [line] = &told(std::io::ErrorKind::PermissionDenied)[..] else { panic!("one sentence") };
        assert!(line.contains("`connectors.yaml` cannot be read"), "{line}");
    }

    #[test]
    fn a_change_of_policy_names_the_policies_and_the_answers() {
        let text = r#"@id("never") @reason("Never.") @controls("nist-csf-2.0 GV.PO-02") forbid (principal, action, resource);"#;
        let set = PolicySet::with(&[Source { file: "never.cedar".into(), text: text.into() }]);
        let told = rules(&PolicySet::core(), &set);
        assert_eq!(told[..2], ["    the policy `never` is new", "      Never."]);
        assert!(
            told.iter().any(|l| l.contains("allowed → refused") && l.contains("now by never")),
            "{told:?}"
        );
        assert_eq!(rules(&set, &set), Vec::<String>::new());
    }
}
