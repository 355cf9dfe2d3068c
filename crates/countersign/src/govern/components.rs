//! The components that the workflows of a governed folder use, in their versions, and who had a part in these.

use super::files::each;
use super::repository::Repository;
use crate::scan::model::Body;
use govern::{Event, State, World};
use policy::{Component, ComponentKind, Contribution, Subject, SubjectKind};
use std::collections::{BTreeSet, HashMap};
use std::io;
use workflow::{Digest, Text};

/// Workflows by the components that they use, in their versions; and those of which nobody can say.
pub(super) type Using = (HashMap<(Text, Text), Vec<usize>>, Vec<usize>);

/// All kinds of components.
pub(super) const KINDS: [ComponentKind; 3] =
    [ComponentKind::Connector, ComponentKind::Script, ComponentKind::Webhook];

impl Repository {
    /// Who had a part in any workflow that uses a version of a component: to them it is their own work.
    pub(super) fn users(
        &self,
        state: &State,
        name: &str,
        version: &str,
        until: Option<&Event>,
    ) -> Vec<Contribution> {
        let (using, unread) = self.using.get_or_init(|| self.by_component());
        let using = using.get(&(name.into(), version.into())).into_iter().flatten();
        let units = using.chain(unread).filter_map(|unit| self.units.get(*unit));
        let mut all: Vec<Contribution> =
            units.flat_map(|u| self.touched(state, u, &self.environment, until)).collect();
        all.sort_by(|a, b| (&a.account, &a.how).cmp(&(&b.account, &b.how)));
        all.dedup();
        all
    }

    /// The numbers of the workflows that use each version of a component, and of those that cannot be read back: they may use it.
    fn by_component(&self) -> Using {
        let used = each(&self.units, |unit| {
            let body = self.body(unit).ok()?;
            let _ = self.parts(unit); // all of them are asked for next, one after the other
            let used = KINDS.iter().flat_map(|kind| body.components(*kind)).cloned();
            Some(used.collect::<BTreeSet<_>>())
        });
        let (mut using, mut unread) = Using::default();
        for (unit, components) in used.into_iter().enumerate() {
            let Some(components) = components else {
                unread.push(unit);
                continue;
            };
            components.into_iter().for_each(|c| using.entry(c).or_default().push(unit));
        }
        (using, unread)
    }

    /// The components of a kind that have to be approved for a workflow: its connectors, and of its scripts and webhooks those
    /// that somebody has approved in some version.
    pub(super) fn components_of(&self, body: &Body, kind: ComponentKind) -> Vec<Component> {
        let known = |name: &Text| self.folded.state.components.contains_key(&(kind, name.to_string()));
        let used = body.components(kind).iter();
        let governed = used.filter(|(name, _)| kind == ComponentKind::Connector || known(name));
        let component = |(name, version): &(Text, Text)| Component {
            kind,
            name: name.to_string(),
            version: version.to_string(),
            approved: Vec::new(),
            owner: String::new(),
        };
        governed.map(component).collect()
    }

    /// The components of a kind that workflows here use, in their versions.
    ///
    /// # Errors
    /// When results cannot be read back.
    pub(super) fn components(&self, kind: ComponentKind) -> io::Result<BTreeSet<(String, String)>> {
        let mut all = BTreeSet::new();
        for unit in &self.units {
            let body = self.body(unit)?;
            all.extend(
                body.components(kind).iter().map(|(name, version)| (name.to_string(), version.to_string())),
            );
        }
        Ok(all)
    }

    /// The world of an act on a component's version.
    #[must_use]
    pub fn component(&self, name: &str, version: &str) -> World {
        let closure = Digest::of(format!("{name} {version}").as_bytes()).to_string();
        let subject = Subject {
            kind: SubjectKind::Component,
            name: name.to_owned(),
            closure,
            tier: 2,
            ..Subject::default()
        };
        let contributors = self.users(&self.folded.state, name, version, None);
        let bare = World { subject, contributors, ..self.bare("") };
        World { view: super::view::digest(&bare), ..bare }
    }
}
