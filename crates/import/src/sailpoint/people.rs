//! Steps that ask people: forms and approvals, how long they wait and what happens when nobody answers.

use workflow::{Ask, Value};

/// How a step goes on when nobody answered in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    /// It waits for ever.
    Waits,
    /// With its next step and an empty answer.
    GoesOn,
    /// As if a yes had been given.
    Approves,
}

/// The question of a step, where its action asks one.
pub(super) fn ask(action: &str, parameters: &Value) -> Option<(Ask, Silence)> {
    match action {
        "sp:forms" | "sp:form" => Some((form(parameters, &["recipient", "recipients"]), Silence::GoesOn)),
        "sp:interactive-form" => {
            let ask = form(parameters, &["ownerId", "recipient"]);
            let silence = if ask.timeout_seconds.is_some() { Silence::GoesOn } else { Silence::Waits };
            Some((ask, silence))
        }
        "sp:generic-approval" | "sp:create-approval-request" => Some(approval(parameters)),
        _ => None,
    }
}

fn first(parameters: &Value, names: &[&str]) -> Value {
    names.iter().map(|n| parameters.get(n)).find(|v| !v.is_empty()).cloned().unwrap_or_default()
}

fn form(parameters: &Value, recipients: &[&str]) -> Ask {
    Ask {
        approver: first(parameters, recipients),
        answer: "formData".into(),
        timeout_seconds: parameters.get("deadline").as_text().and_then(seconds),
        ..Ask::default()
    }
}

fn approval(parameters: &Value) -> (Ask, Silence) {
    let names = [
        "singleApproverIdentityId",
        "singleApproverGovernanceGroupId",
        "approverIdentityId",
        "approvers",
        "approver",
    ];
    let days = match parameters.get("approvalTimeout") {
        Value::Number(t) | Value::Text(t) => t.parse::<u64>().ok(),
        _ => None,
    };
    let ask = Ask {
        approver: first(parameters, &names),
        answer: "status".into(),
        positive: vec!["APPROVED".into()],
        negative: vec!["REJECTED".into(), "EXPIRED".into(), "CANCELLED".into()],
        timeout_seconds: days.and_then(|d| d.checked_mul(86_400)),
        decides: false,
    };
    let at_timeout = parameters.get("approvalActionAtTimeout").as_text();
    let silence = match at_timeout {
        Some(action) if action.eq_ignore_ascii_case("approved") => Silence::Approves,
        _ if ask.timeout_seconds.is_some() => Silence::GoesOn,
        _ => Silence::Waits,
    };
    (ask, silence)
}

/// `3d`, `12h`, `30m` in seconds.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let text = text.trim();
    let unit = text.chars().last()?;
    let factor = match unit {
        'w' => 604_800,
        'd' => 86_400,
        'h' => 3_600,
        'm' => 60,
        's' => 1,
        _ => return None,
    };
    text[..text.len() - unit.len_utf8()].trim().parse::<u64>().ok()?.checked_mul(factor)
}
