//! An address that an earlier answer gave: REST answers carry the address of what they describe (`uri`, `self`,
//! `href`, `@odata.id`), which lies where it was read, or one segment below a list.

use super::resolve::Resolver;
use super::url::{HOLE, Url, parse};
use workflow::{Reference, Root, Segment, Term, Value};

/// The address as it must be, where the whole of it is the link of something that an earlier step read: what was read
/// itself, or what lies below it where it is a list.
pub(super) fn below(url: &Value, resolver: &Resolver<'_>) -> Vec<Url> {
    let url = resolver.follow(url);
    let Some(Term::Ref(reference)) = url.as_expression().map(|e| &e.term) else { return Vec::new() };
    let Some(read) = read_at(reference, resolver).filter(|_| is_link(reference)) else { return Vec::new() };
    let lists = reference.path.iter().any(|s| !matches!(s, Segment::Key(_)));
    let mut item = read.clone();
    item.path.query.clear();
    item.query.clear();
    item.path.segments.push(HOLE.to_string());
    item.segments.push(url);
    if lists { vec![item] } else { vec![read, item] }
}

/// Where the step that a reference points at read.
fn read_at(reference: &Reference, resolver: &Resolver<'_>) -> Option<Url> {
    let Root::Step(id) = &reference.root else { return None };
    let request = resolver.step(id)?.request.as_ref()?;
    let reads = resolver.follow(&request.method).as_text().is_none_or(|m| m.eq_ignore_ascii_case("GET"));
    let url = parse(&request.url, resolver);
    (reads && !url.unknown && !url.segments.is_empty()).then_some(url)
}

/// Whether the last name is one by which an answer gives its own address.
fn is_link(reference: &Reference) -> bool {
    let name = reference.path.iter().rev().find_map(|s| match s {
        Segment::Key(key) => Some(key.to_ascii_lowercase()),
        _ => None,
    });
    name.is_some_and(|n| {
        matches!(&*n, "uri" | "url" | "self" | "href" | "selflink" | "self_link" | "@odata.id")
    })
}
