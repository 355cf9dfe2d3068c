//! Addresses of n8n's webhooks, `/webhook/<path>` on whatever host: a request to one starts a workflow, which may do anything.
//! Source: <https://docs.n8n.io/integrations/builtin/core-nodes/n8n-nodes-base.webhook/>

use super::url::{HOLE, Url};
use workflow::{Callee, CalleeKey, Map, Request, Value};

/// Whether an address is that of a webhook, in production or in a test.
pub(super) fn is_of_n8n(url: &Url) -> bool {
    let first = url.path.segments.first();
    url.path.segments.len() > 1 && first.is_some_and(|s| s == "webhook" || s == "webhook-test")
}

/// The workflow that a request of a workflow of n8n starts, by the name that the importer gives to its webhook.
pub(super) fn called(platform: &str, method: Option<&str>, url: &Url, request: &Request) -> Option<Callee> {
    let path = url.path.segments.get(1..)?.join("/");
    let known = platform == "n8n" && !url.path.host.is_empty() && !url.path.host.contains(HOLE);
    if !known || !is_of_n8n(url) || path.contains(HOLE) {
        return None;
    }
    let mut input = Map::default();
    input.push("body", request.body.clone(), 0);
    input.push("query", request.query.clone(), 0);
    input.push("headers", request.headers.clone(), 0);
    let key = CalleeKey::Name(format!("{} /webhook/{path}", method?).into());
    Some(Callee { key, input: Value::Map(input) })
}
