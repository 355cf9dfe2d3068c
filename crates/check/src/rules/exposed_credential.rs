//! `exposed-credential`: a new secret is sent or written in clear, or can be guessed.

use super::{Rule, Scope};
use crate::facts::Facts;
use crate::provenance::{Origin, Source};
use crate::tell::Concerning;
use workflow::{Finding, Kind, Segment, Severity, StepIx, Term, Value};

/// The rule.
pub static RULE: Rule = Rule {
    id: "exposed-credential",
    severity: Severity::High,
    scope: Scope::Changes,
    page: include_str!("exposed_credential.md"),
    check,
};

const FIX: &str = "Let the person set the secret (an activation link, a vault, a one-time pass shown once), and never \
                   send or write it in clear.";

fn check(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    labelled(facts, out);
    if !facts.live_changes().any(|c| makes_secret(facts, c.step)) {
        return;
    }
    let telling = facts.bounded(&RULE, 400, facts.reached.steps().filter(|s| tells(facts, *s)));
    let told: Vec<(StepIx, Vec<Source>)> = telling.map(|s| (s, sent(facts, s))).collect();
    for change in facts.some_changes(&RULE).filter(|c| makes_secret(facts, c.step)) {
        let step = change.step;
        let secrets = given_secrets(facts, step);
        let (name, deed) = (facts.name(step), facts.deed(step));
        if let Some((to, _)) = told.iter().find(|(s, sent)| *s != step && carries(facts, sent, step, &secrets)) {
            let message = format!("{name} {deed}, and {} passes the secret on in clear.", facts.name(*to));
            out.push(facts.report(&RULE, step, message, FIX).also([facts.step(*to).id.clone()]));
        } else if let Some(agent) = told_by_agent(facts, step, &secrets) {
            let message = format!("{name} {deed}, and {} knows the secret and says it to whoever it talks with.", facts.name(agent));
            out.push(facts.report(&RULE, step, message, FIX).also([facts.step(agent).id.clone()]));
        } else if let Some(why) = guessable(&secrets) {
            let message = format!("{name} {deed}, and the secret can be guessed: it is {why}.");
            out.push(facts.report(&RULE, step, message, FIX));
        }
    }
}

/// A message that itself says of a result of outside code that it is a password.
fn labelled(facts: &Facts<'_, '_>, out: &mut Vec<Finding>) {
    let says = |s: &StepIx| [Kind::Notify, Kind::Ticket].iter().any(|k| facts.does(*s, *k));
    for step in facts.bounded(&RULE, 400, facts.reached.steps().filter(says)) {
        let own = facts.step(step);
        let mut texts = own.parameters.expressions().into_iter().chain(own.request.iter().flat_map(|r| r.body.expressions()));
        let Some(maker) = texts.find_map(|e| passed_on(facts, step, &e.term)) else { continue };
        let message = format!(
            "{} sends in clear what {} gives back, and calls it a password.",
            facts.name(step),
            facts.name(maker)
        );
        out.push(facts.report(&RULE, step, message, FIX));
    }
}

/// The step of outside code whose result stands directly after a label in a text.
fn passed_on(facts: &Facts<'_, '_>, message: StepIx, text: &Term) -> Option<StepIx> {
    let Term::Template(parts) = text else { return None };
    let outside = |s: StepIx| facts.does(s, Kind::Code) || facts.does(s, Kind::Opaque);
    parts.windows(2).filter(|p| matches!(&p[0], Term::Text(t) if is_label(t))).find_map(|p| {
        let sources = facts.set.term_sources(facts.place(message), &p[1]);
        sources.into_iter().find_map(|s| match s.origin {
            Origin::Step(_) if s.workflow != facts.index => None,
            Origin::Step(made) if outside(made) => Some(made),
            Origin::Step(read) => {
                let job = facts.graph.before(read).find(|j| outside(*j));
                job.filter(|_| facts.does(read, Kind::Read)).map(|_| read)
            }
            _ => None,
        })
    })
}

/// A text that ends by announcing a password, whatever markup and punctuation follow.
fn is_label(text: &str) -> bool {
    let mut rest = text.to_lowercase();
    loop {
        rest.truncate(rest.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '>').len());
        match rest.strip_suffix('>').and_then(|r| r.rfind('<')) {
            Some(tag) => rest.truncate(tag),
            None => break,
        }
    }
    ["password", "passwort", "passcode", "mot de passe", "contraseña", "access pass"].iter().any(|w| rest.ends_with(w))
}

pub(super) fn makes_secret(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    let kinds = [Kind::IssueCredential, Kind::ResetCredential, Kind::RotateCredential];
    kinds.iter().any(|k| facts.does(step, *k))
}

/// Where the secrets come from that a step is given.
pub(super) fn given_secrets(facts: &Facts<'_, '_>, step: StepIx) -> Vec<Source> {
    let own = facts.step(step);
    let mut values: Vec<Value> = Vec::new();
    let mut work: Vec<&Value> = own.request.iter().map(|r| &r.body).chain([&own.parameters]).collect();
    while let Some(value) = work.pop() {
        for entry in value.entries() {
            let key = entry.key.to_lowercase();
            if is_secret(&key) && !matches!(entry.value, Value::Bool(_) | Value::Map(_)) {
                values.push(entry.value.clone());
            }
            work.push(&entry.value);
        }
        work.extend(value.items());
    }
    values.extend(own.request.iter().filter_map(|r| password_of(&r.body)));
    values.extend(password_of(own.parameters.at("msg.payload")));
    facts.set.all_sources(facts.place(step), &values)
}

/// The password in what a step is handed as a whole.
fn password_of(value: &Value) -> Option<Value> {
    let whole = value.as_expression()?;
    let Term::Ref(reference) = &whole.term else { return None };
    let mut inner = reference.clone();
    inner.path.push(Segment::Key("password".into()));
    Some(Value::Expr(Box::new(workflow::Expression { term: Term::Ref(inner), ..whole.clone() })))
}

fn is_secret(key: &str) -> bool {
    let flag = ["force", "change", "policies", "expire", "never", "hash"].iter().any(|w| key.contains(w));
    !flag && ["password", "passwd", "pwd", "secret", "passcode"].iter().any(|w| key.contains(w))
}

fn tells(facts: &Facts<'_, '_>, step: StepIx) -> bool {
    [Kind::Notify, Kind::Ticket, Kind::Write, Kind::Ask].iter().any(|k| facts.does(step, *k))
}

/// Where what a message says comes from.
fn sent(facts: &Facts<'_, '_>, message: StepIx) -> Vec<Source> {
    let step = facts.step(message);
    let mut values = vec![step.parameters.clone()];
    values.extend(step.request.iter().map(|r| r.body.clone()));
    facts.set.all_sources(facts.place(message), &values)
}

/// A message contains the secret that a step gave back, or one that the step was given.
fn carries(facts: &Facts<'_, '_>, sent: &[Source], maker: StepIx, secrets: &[Source]) -> bool {
    let place = &facts.step(maker).target.secret;
    let secret_path: Vec<&str> = place.split('.').skip(1).collect();
    sent.iter().any(|s| {
        let keys: Vec<&str> = s.path.iter().filter_map(|k| if let Segment::Key(k) = k { Some(k.as_str()) } else { None }).collect();
        let result = s.origin == Origin::Step(maker) && !place.is_empty();
        let given = |g: &Source| {
            let made = matches!(g.origin, Origin::Random | Origin::Step(_) | Origin::Trigger);
            let same = g.origin == s.origin && g.path == s.path;
            made && same && (g.origin != Origin::Random || g.how.variable == s.how.variable)
        };
        result && keys.ends_with(&secret_path) || secrets.iter().any(given)
    })
}

/// The model that has a step as its tool and knows the secret: it chose it, gets it back, or is told to say it.
fn told_by_agent(facts: &Facts<'_, '_>, step: StepIx, secrets: &[Source]) -> Option<StepIx> {
    let agent = super::agent_chosen_effect::chooser(facts, step)?;
    let chosen = secrets.iter().any(|s| s.workflow == facts.index && s.origin == Origin::Step(agent));
    let given_back = !facts.step(step).target.secret.is_empty();
    let instructed = [step, agent].iter().any(|s| {
        let mut said = false;
        facts.step(*s).parameters.walk(&mut |v| {
            let text = match v {
                Value::Text(t) => t.as_str(),
                Value::Expr(e) => e.text.as_str(),
                _ => return,
            };
            said |= is_told_to_say(text);
        });
        said
    });
    (chosen || given_back || instructed).then_some(agent)
}

/// A sentence that tells a model to give a password to somebody.
fn is_told_to_say(text: &str) -> bool {
    let text = text.to_lowercase();
    text.split(['.', '\n', '!', ';']).any(|sentence| {
        let secret = ["password", "passcode", "api key", "access key", "token"].iter().any(|w| sentence.contains(w));
        let says = ["tell", "share", "provide", "send", "give", "inform", "include", "return", "respond", "reply", "show"];
        let denied = ["never", "not ", "don't", "without"].iter().any(|w| sentence.contains(w));
        let somebody = ["user", "them", "requester", "employee", "customer", "caller"].iter().any(|w| sentence.contains(w));
        secret && somebody && !denied && says.iter().any(|w| sentence.split(|c: char| !c.is_alphabetic()).any(|x| x == *w))
    })
}

/// Why a secret can be guessed: nothing of chance in it, and known parts joined.
fn guessable(secrets: &[Source]) -> Option<&'static str> {
    let chance = secrets.iter().any(|s| {
        matches!(s.origin, Origin::Random | Origin::Secret(_) | Origin::Unknown | Origin::Parameter(_) | Origin::Environment)
    });
    let data = secrets.iter().any(|s| matches!(s.origin, Origin::Trigger | Origin::Step(_) | Origin::Now) && s.how.spliced);
    (!chance && data && secrets.iter().all(|s| s.how.spliced)).then_some("put together from data that others know")
}

#[cfg(test)]
mod tests {
    use super::is_told_to_say;

    #[test]
    fn instructions_to_say_a_password_are_told_from_warnings() {
        assert!(is_told_to_say("Reset it. Then tell the user the new password!"));
        assert!(!is_told_to_say("Never tell the user a password."));
        assert!(!is_told_to_say("Resets the password of a user. Tell them when it is done."));
    }
}
