//! Needs as sentences.

use crate::decision::{Need, VoteGroup};
use std::fmt;

/// Who could, in words.
fn by(ids: &[String]) -> String {
    match ids {
        [] => "; nobody can now".to_owned(),
        [one] => format!(", by {one}"),
        [many @ .., last] => format!(", by {} or {last}", many.join(", ")),
    }
}

fn group(group: VoteGroup) -> &'static str {
    match group {
        VoteGroup::Security => "an approval of a security approver",
        VoteGroup::Peer => "an approval of a peer",
        VoteGroup::Other | VoteGroup::Refusal | VoteGroup::Superseded => "an approval",
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Need::Approval { group: of, by: who } => write!(f, "{}{}", group(*of), by(who)),
            Need::AnotherActor { by: who } => write!(f, "the same, done{}", by(who).trim_start_matches(',')),
            Need::Authority { role: Some(role) } => {
                write!(f, "the same in the role delegated: `--authority {role}`")
            }
            Need::Authority { role: None } => {
                f.write_str("the same in their own right: without `--on-behalf-of` and `--authority`")
            }
            Need::RefusalWithdrawn { by: who } => write!(f, "the refusal taken back{}", by(who)),
            Need::Record { lacks, by: who } if lacks.is_empty() => write!(f, "a control record{}", by(who)),
            Need::Record { lacks, by: who } => {
                write!(f, "in the control record: {}{}", lacks.join(", "), by(who))
            }
            Need::Owners { by: who } => {
                write!(f, "an owner and a security approver who are with us, such as {}", who.join(" and "))
            }
            Need::Finding { rule, step, by: who } => {
                let at = if step.is_empty() { String::new() } else { format!(" at `{step}`") };
                write!(f, "the finding `{rule}`{at} mended{}", by(who))
            }
            Need::Proof { name, by: who } => write!(f, "the proof `{name}` to hold{}", by(who)),
            Need::Tests { by: who } => write!(f, "the tests run on this closure, and passed{}", by(who)),
            Need::Mutation { now, needed, by: who } => {
                write!(f, "tests that notice {needed} of 100 faults in the control (now {now}){}", by(who))
            }
            Need::Boundary { beyond, by: who } => {
                write!(f, "{} taken out, or put into the record's boundary{}", beyond.join(", "), by(who))
            }
            _ => self.rest(f),
        }
    }
}

impl Need {
    fn rest(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Need::Component { name, version, by: who, .. } if version.is_empty() => {
                write!(f, "`{name}` pinned to a version that is approved{}", by(who))
            }
            Need::Component { name, version, by: who, .. } => {
                write!(f, "`{name}` approved in version {version}{}", by(who))
            }
            Need::Rotation { credential, by: who } => {
                write!(f, "the credential `{credential}` rotated{}", by(who))
            }
            Need::Review { of, by: who } => write!(f, "the post-change review of {of}{}", by(who)),
            Need::ExceptionMended { lacks, by: who } => {
                write!(f, "an exception with {}{}", lacks.join(", "), by(who))
            }
            Need::GlassMended { lacks, by: who } => {
                write!(f, "break-glass with {}{}", lacks.join(", "), by(who))
            }
            Need::GlassOpened { by: who } => write!(f, "break-glass opened{}", by(who)),
            Need::Anew { stale } => {
                write!(f, "the statement made anew: it speaks of another {}", stale.join(", "))
            }
            Need::Authors { unknown } => {
                let addresses: Vec<String> = unknown.iter().map(|a| format!("`{a}`")).collect();
                let addresses = addresses.join(", ");
                write!(f, "{addresses} entered in the people directory, with whom it belongs to")
            }
            Need::ReleasedTarget { by: who } => {
                write!(f, "a closure that was released here before{}", by(who))
            }
            _ => Ok(()),
        }
    }
}
