//! Calls to a service that nobody knows, about people: what the usual shape of such interfaces says (a collection of
//! users or members, one of them by its id, what one of them has), where the address is fixed and the body fits.

use super::apply::Outcome;
use super::look::{Scene, Truth};
use super::url::HOLE;
use workflow::{Effect, Evidence, Kind, Text};

/// Adds what a call does to people, and whom; whether it is such a call.
pub(super) fn judge(method: &str, scene: &Scene<'_>, out: &mut Outcome) -> bool {
    let Some(url) = scene.url else { return false };
    let host = &url.path.host;
    if !host.contains('.') || host.contains(HOLE) || url.path.segments.iter().any(|s| is_audience(s)) {
        return false;
    }
    let words: Vec<&str> = url.path.segments.iter().map(|s| s.strip_suffix(".json").unwrap_or(s)).collect();
    let kinds = match (method, words.as_slice()) {
        ("POST", [.., parent, id, last]) if is_people(last) && holds_people(parent) && is_id(id) => {
            vec![Kind::Grant]
        }
        ("POST", [.., last]) if is_people(last) => created(scene),
        ("DELETE", [.., parent, group, last, id])
            if is_people(last) && is_id(id) && is_id(group) && holds_people(parent) =>
        {
            vec![Kind::Revoke]
        }
        ("DELETE", [.., last, id]) if is_people(last) && is_id(id) => vec![Kind::DeleteIdentity],
        ("PUT" | "PATCH", [.., last, id]) if is_people(last) && is_id(id) => changed(scene),
        ("POST" | "PUT", [.., last, id, what]) if is_people(last) && is_id(id) && is_access(what) => {
            vec![Kind::Grant]
        }
        ("DELETE", [.., last, id, what]) | ("DELETE", [.., last, id, what, _])
            if is_people(last) && is_id(id) && is_access(what) =>
        {
            vec![Kind::Revoke]
        }
        _ => Vec::new(),
    };
    if kinds.is_empty() {
        return false;
    }
    let named = scene.first(NAMES);
    let by_path = || {
        let at = words.iter().position(|w| is_people(w)).map_or(usize::MAX, |p| p + 1);
        url.segments.get(at).cloned().into_iter().collect()
    };
    out.target.identity = if named.is_empty() { by_path() } else { named };
    let identity: Text = out.target.identity.first().map(super::show).unwrap_or_default();
    for kind in kinds {
        let (system, entitlement) = (host.as_str().into(), Text::default());
        let identity = identity.clone();
        out.push(Effect {
            kind,
            system,
            identity,
            entitlement,
            evidence: Evidence::Request,
            privileged: false,
            refuses: false,
            what: Text::default(),
        });
    }
    true
}

/// What makes an account: somebody to be reached or signed in as; besides, a first password and what they may do.
fn created(scene: &Scene<'_>) -> Vec<Kind> {
    if scene.first(NAMES).is_empty() {
        return Vec::new();
    }
    let mut kinds = vec![Kind::CreateIdentity];
    kinds.extend((!scene.first(PASSWORDS).is_empty()).then_some(Kind::IssueCredential));
    kinds.extend((!scene.first(ACCESS).is_empty()).then_some(Kind::Grant));
    kinds
}

fn changed(scene: &Scene<'_>) -> Vec<Kind> {
    let on = |value: &str| {
        let keys = ["active", "enabled", "isActive", "is_active"];
        keys.iter().any(|key| scene.holds(&format!("body.{key} == {value}")) == Truth::Yes)
    };
    let known = [(on("false"), Kind::Disable), (on("true"), Kind::Enable)];
    let mut kinds: Vec<Kind> = known.into_iter().filter_map(|(holds, kind)| holds.then_some(kind)).collect();
    kinds.extend((!scene.first(PASSWORDS).is_empty()).then_some(Kind::ResetCredential));
    if !scene.first(ACCESS).is_empty() {
        kinds.extend([Kind::Grant, Kind::Revoke]);
    }
    if kinds.is_empty() { vec![Kind::UpdateIdentity] } else { kinds }
}

const NAMES: &[&str] = &[
    "body.email",
    "body.mail",
    "body.emailAddress",
    "body.email_address",
    "body.username",
    "body.userName",
    "body.user_name",
    "body.login",
    "body.user.email",
    "body.user.username",
    "body.userId",
    "body.user_id",
    "query.email",
];
const PASSWORDS: &[&str] = &["body.password", "body.user.password", "body.passwd"];
const ACCESS: &[&str] = &[
    "body.role",
    "body.roles",
    "body.roleId",
    "body.role_id",
    "body.roleIds",
    "body.group",
    "body.groups",
    "body.groupId",
    "body.group_id",
    "body.groupIds",
    "body.permissions",
    "body.isAdmin",
    "body.is_admin",
    "body.user.role",
    "body.user.roles",
];

fn is_people(segment: &str) -> bool {
    matches!(&*segment.to_ascii_lowercase(), "users" | "members")
}

/// What people are members of.
fn holds_people(segment: &str) -> bool {
    let words = [
        "groups",
        "teams",
        "orgs",
        "organizations",
        "organisations",
        "projects",
        "workspaces",
        "roles",
        "spaces",
    ];
    words.contains(&&*segment.to_ascii_lowercase())
}

fn is_access(segment: &str) -> bool {
    let words = ["roles", "groups", "permissions", "entitlements", "licenses", "teams"];
    words.contains(&&*segment.to_ascii_lowercase())
}

/// A hole, a number or a name that is no word of the interface.
fn is_id(segment: &str) -> bool {
    segment.contains(HOLE) || segment.contains(|c: char| c.is_ascii_digit() || c == '@')
}

/// People who are written to, and have no access: the interface of a mailing or a customer list.
fn is_audience(segment: &str) -> bool {
    let segment = segment.to_ascii_lowercase();
    let words = [
        "list",
        "audience",
        "campaign",
        "newsletter",
        "contact",
        "subscri",
        "customer",
        "lead",
        "crm",
        "loyalty",
    ];
    words.iter().any(|w| segment.contains(w))
}
