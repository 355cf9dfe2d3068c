//! Raw requests: method, address and body decide, not the verb alone.

use super::apply::{Outcome, apply};
use super::code::WebCall;
use super::links;
use super::look::Scene;
use super::resolve::Resolver;
use super::url::{HOLE, Url, parse, parse_below};
use crate::catalogue::{Catalogue, Match, UrlPath, verbs};
use workflow::{Effect, Evidence, Kind, Request, Step, Value};

/// Judges a step's request; one that depends on a condition is each of those that it may be.
pub(super) fn judge(
    catalogue: &'static Catalogue,
    platform: &str,
    resolver: &Resolver<'_>,
    step: &Step,
    out: &mut Outcome,
) {
    let Some(request) = &step.request else { return };
    let variants = super::variants::of(request, resolver);
    if variants.len() < 2 {
        return judge_one(catalogue, platform, resolver, step, out);
    }
    for variant in variants {
        let own = Step { request: Some(variant), ..step.clone() };
        let mut one = Outcome::default();
        judge_one(catalogue, platform, resolver, &own, &mut one);
        out.merge(one);
    }
}

fn judge_one(
    catalogue: &'static Catalogue,
    platform: &str,
    resolver: &Resolver<'_>,
    step: &Step,
    out: &mut Outcome,
) {
    let Some(request) = &step.request else { return };
    let below = is_below(platform, step);
    let mut url = if below { parse_below(&request.url, resolver) } else { parse(&request.url, resolver) };
    add_query(&request.query, &mut url);
    add_query(&resolver.follow(&request.body), &mut url);
    let method = resolver.follow(&request.method).as_text().map(str::to_ascii_uppercase);
    let evidence = if request.governed { Evidence::Operation } else { Evidence::Request };
    if answers_callback(request) {
        return out.add(Kind::Decide, platform, evidence);
    }
    let mut found = catalogue.request(method.as_deref(), &url.path, &step.connector);
    if let Some((linked, known)) = linked(catalogue, method.as_deref(), &url, resolver, step) {
        (url, found) = (linked, known);
    }
    let webhook = super::webhook::called(platform, method.as_deref(), &url, request);
    if let Some(called) = webhook.filter(|_| found.system.is_none_or(|f| f.system == platform)) {
        out.add(Kind::Call, platform, evidence);
        return out.calls.push(called);
    }
    found = by_audience(catalogue, method.as_deref(), &url, step).unwrap_or(found);
    for (entry, names) in &found.entries {
        let scene = Scene { step, resolver, url: Some(&url), names, call: None };
        apply(catalogue, platform, *entry, &scene, evidence, out);
    }
    if found.guessed && found.entries.len() > 1 && some_change_access(out) {
        *out = Outcome::default();
        out.add(Kind::Opaque, found.system.map_or(step.connector.as_str(), |f| f.system), evidence);
    }
    if out.effects.is_empty() {
        let system = found.system.map_or(step.connector.as_str(), |f| f.system);
        let otherwise = found.system.and_then(|f| f.otherwise.as_ref());
        let reads = method.as_deref().is_some_and(is_read);
        let told = otherwise.map(|o| if reads { o.read } else { o.write }).and_then(|k| k.parse().ok());
        let scene = Scene { step, resolver, url: Some(&url), names: &[], call: None };
        let unknown = found.system.is_none() && !request.governed;
        if unknown && method.as_deref().is_some_and(|m| super::people::judge(m, &scene, out)) {
            return;
        }
        let told = if !reads && is_administration(&url) { told.map(|_| Kind::Opaque) } else { told };
        out.add(told.unwrap_or_else(|| guess(&url, reads, &step.connector)), system, evidence);
    }
}

/// Whether a step's address is only what is added to that of its connection or asset, as `path/to/endpoint` in both manuals.
/// Sources: <https://github.com/rapid7/insightconnect-plugins/tree/master/plugins/rest>,
/// <https://github.com/splunk-soar-connectors/http>
fn is_below(platform: &str, step: &Step) -> bool {
    match platform {
        "insightconnect" => !step.parameters.get("route").is_empty(),
        "splunk-soar" => step.connector.eq_ignore_ascii_case("http"),
        _ => false,
    }
}

/// Whether a path ends in a collection of users, keys or roles, or in one of them: whatever a host's other calls do, one to
/// these may let somebody in.
fn is_administration(url: &Url) -> bool {
    let words = url.path.segments.iter().filter(|s| !s.contains(HOLE)).rev().take(2);
    let kinds = [
        "access_keys",
        "api-keys",
        "api_keys",
        "apikeys",
        "collaborators",
        "invitations",
        "invites",
        "keys",
        "members",
        "permissions",
        "roles",
        "service-accounts",
        "service_accounts",
        "teammates",
        "users",
    ];
    words.into_iter().any(|s| kinds.contains(&s.to_ascii_lowercase().as_str()))
}

/// Whether a call that may be one of several changes access by some of them only: what it does cannot be said.
fn some_change_access(out: &Outcome) -> bool {
    let changes = |e: &Effect| e.kind.changes_access();
    out.effects.iter().any(changes) && !out.effects.iter().all(changes)
}

/// What a request is whose whole address is a link out of an earlier answer.
fn linked(
    catalogue: &'static Catalogue,
    method: Option<&str>,
    url: &Url,
    resolver: &Resolver<'_>,
    step: &Step,
) -> Option<(Url, Match)> {
    let places = if url.unknown { links::below(&step.request.as_ref()?.url, resolver) } else { Vec::new() };
    let known = |place: Url| {
        let found = catalogue.request(method, &place.path, &step.connector);
        (!found.entries.is_empty() && !found.guessed).then_some((place, found))
    };
    places.into_iter().find_map(known)
}

/// What a request is whose host is not known, by the interface that its token is for.
/// Source: <https://learn.microsoft.com/en-us/azure/logic-apps/logic-apps-securing-a-logic-app#add-authentication-outbound>
fn by_audience(catalogue: &'static Catalogue, method: Option<&str>, url: &Url, step: &Step) -> Option<Match> {
    let audience = step.parameters.get("authentication").get("audience").as_text()?;
    let host = audience.split_once("://")?.1.split('/').next().unwrap_or_default().to_ascii_lowercase();
    if is_host(&url.path.host) {
        return None;
    }
    let found = catalogue.request(method, &UrlPath { host, ..url.path.clone() }, "");
    found.system.is_some().then_some(found)
}

/// Whether a text can be a host, rather than a hole or words that stand for one.
fn is_host(text: &str) -> bool {
    text.contains('.') && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | HOLE))
}

/// A request written in code: only what the catalogue knows counts.
pub(super) fn in_code(
    catalogue: &'static Catalogue,
    resolver: &Resolver<'_>,
    step: &Step,
    web: &WebCall,
    out: &mut Outcome,
) {
    let url = parse(&Value::text(web.url.as_str()), resolver);
    let found = catalogue.request(Some(&web.method), &url.path, "");
    for (entry, names) in found.entries.iter().filter(|(f, _)| f.entry.cases.is_empty()) {
        let scene = Scene { step, resolver, url: Some(&url), names, call: None };
        apply(catalogue, "", *entry, &scene, Evidence::Code, out);
    }
}

fn is_read(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS" | "PROPFIND" | "REPORT" | "SEARCH")
}

/// Names and constant values of a query or a form body.
fn add_query(value: &Value, url: &mut Url) {
    for entry in value.entries() {
        let text = entry.value.as_text().unwrap_or_default().to_owned();
        url.path.query.push((entry.key.to_string(), text));
        url.query.push((entry.key.to_string(), entry.value.clone()));
    }
}

/// An answer to a response-required trigger of SailPoint: the address stands in the event's metadata.
/// Source: <https://developer.sailpoint.com/docs/extensibility/event-triggers/triggers/access-request-preapproval>
fn answers_callback(request: &Request) -> bool {
    let is = |text: &str| text.to_ascii_lowercase().contains("_metadata.callbackurl");
    match &request.url {
        Value::Text(t) => is(t),
        Value::Expr(e) => is(&e.text),
        _ => false,
    }
}

/// What a request to a system that nobody knows may do: a read reads; a write to an address that is not known, or whose
/// path speaks of people and permissions, may do anything; a write to any other fixed address (or to a path of a fixed
/// connector's host) writes business data.
fn guess(url: &Url, reads: bool, connector: &str) -> Kind {
    if reads {
        return Kind::Read;
    }
    if signs_in(url) {
        return Kind::Control;
    }
    if super::webhook::is_of_n8n(url) {
        return Kind::Opaque;
    }
    let generic = ["", "http", "rest", "http_requests"].iter().any(|g| connector.eq_ignore_ascii_case(g));
    let by_connector = url.path.host.is_empty() && !generic && !url.segments.is_empty();
    let host_known = url.path.host.contains('.') || url.path.host == "localhost" || by_connector;
    let about_access = url.path.segments.iter().any(|s| is_about_access(s));
    if host_known && !url.unknown && !about_access { Kind::Write } else { Kind::Opaque }
}

/// A token for the workflow's own calls (RFC 6749, section 3.2): it gives nobody else anything.
fn signs_in(url: &Url) -> bool {
    let is = |s: &String, words: &[&str]| words.iter().any(|w| s.to_ascii_lowercase().contains(w));
    let at_end = url.path.segments.last().is_some_and(|s| s.eq_ignore_ascii_case("token"));
    at_end && url.path.segments.iter().any(|s| is(s, &["oauth", "openid-connect"]))
}

/// Whether a word of a segment means people or what they may do: as it is, in the plural, or glued to others (`adduser`,
/// `usermanagement`).
fn is_about_access(segment: &str) -> bool {
    let words = verbs::words(segment, char::is_alphanumeric);
    words.iter().any(|word| {
        let one = word.strip_suffix('s').unwrap_or(word);
        let whole = ACCESS.contains(&one) || ACCESS.contains(&word.as_str());
        whole || ENDINGS.iter().any(|w| one.ends_with(w)) || BEGINNINGS.iter().any(|w| word.starts_with(w))
    })
}

/// What people may do, or prove themselves with.
const ACCESS: &[&str] =
    &["access", "account", "apikey", "factor", "grant", "group", "mfa", "role", "secret", "session", "token"];
/// Words that end others only where these are about access too.
const ENDINGS: &[&str] = &["account", "apikey", "group", "role", "secret", "token", "user", "member"];
/// Words that begin others only where these are about access too.
const BEGINNINGS: &[&str] = &[
    "credential",
    "entitlement",
    "identit",
    "invit",
    "licen",
    "member",
    "password",
    "permission",
    "privilege",
    "user",
];
