//! Tests of classification: steps as importers make them, effects as the taxonomy names them.

use super::*;
use workflow::{Code, Entry, Expression, Language, Map, Platform, Reference, Request, Root, Term, Value};

pub(super) fn reference(text: &str) -> Value {
    let term = Term::Ref(Reference::keys(Root::Trigger, text));
    Value::Expr(Box::new(Expression { language: Language::Wdl, text: text.into(), term, line: 1 }))
}

pub(super) fn template(parts: &[&str]) -> Value {
    let term = |p: &&str| match p.strip_prefix('$') {
        Some(path) => Term::Ref(Reference::keys(Root::Trigger, path)),
        None => Term::Text((*p).into()),
    };
    let term = Term::Template(parts.iter().map(term).collect());
    Value::Expr(Box::new(Expression { language: Language::Wdl, text: parts.concat().into(), term, line: 1 }))
}

pub(super) fn map(entries: Vec<(&str, Value)>) -> Value {
    let entry = |(key, value): (&str, Value)| Entry { key: key.into(), value, line: 1 };
    Value::Map(Map(entries.into_iter().map(entry).collect()))
}

pub(super) fn request(method: &str, url: Value, body: Value) -> Step {
    let mut step = Step::new("s", "s", StepKind::Action);
    step.connector = "http".into();
    step.request = Some(Request { method: Value::text(method), url, body, ..Request::default() });
    step
}

pub(super) fn operation(connector: &str, operation: &str, parameters: Value) -> Step {
    let mut step = Step::new("s", "s", StepKind::Action);
    (step.connector, step.operation, step.parameters) = (connector.into(), operation.into(), parameters);
    step
}

pub(super) fn script(language: CodeLanguage, text: &str) -> Step {
    let mut step = Step::new("s", "s", StepKind::Code);
    step.code.push(Code { language, text: Value::text(text), name: Text::default() });
    step
}

pub(super) fn judged(platform: Platform, step: Step) -> Step {
    let mut workflow = Workflow::new(platform, "w", "w.json");
    workflow.add(step);
    classify(&mut workflow);
    workflow.steps.remove(0)
}

pub(super) fn kinds(platform: Platform, step: Step) -> Vec<String> {
    judged(platform, step)
        .effects
        .iter()
        .map(|e| format!("{} {}", e.kind, e.system).trim().to_owned())
        .collect()
}

#[test]
fn the_body_of_a_patch_decides() {
    let url = || template(&["https://graph.microsoft.com/v1.0/users/", "$user"]);
    let disable = request("PATCH", url(), map(vec![("accountEnabled", Value::Bool(false))]));
    assert_eq!(kinds(Platform::LogicApps, disable), ["disable entra"]);
    let enable = request("PATCH", url(), map(vec![("accountEnabled", Value::Bool(true))]));
    assert_eq!(kinds(Platform::LogicApps, enable), ["enable entra"]);
    let either = request("PATCH", url(), map(vec![("accountEnabled", reference("on"))]));
    assert_eq!(kinds(Platform::LogicApps, either), ["enable entra", "disable entra"]);
    let rename = request("PATCH", url(), map(vec![("displayName", reference("name"))]));
    assert_eq!(kinds(Platform::LogicApps, rename), ["update-identity entra"]);
}

#[test]
fn a_read_is_a_read_and_an_unknown_write_is_not() {
    let read = request("GET", template(&["$base", "/things"]), Value::Null);
    assert_eq!(kinds(Platform::N8n, read), ["read http"]);
    let anywhere = request("POST", reference("url"), Value::Null);
    assert_eq!(kinds(Platform::N8n, anywhere), ["opaque http"]);
    let nowhere = request("POST", Value::text(""), Value::Null);
    assert_eq!(kinds(Platform::SailPoint, nowhere), ["opaque http"]);
}

#[test]
fn the_identity_of_a_request_is_the_value_in_its_path() {
    let url = template(&["https://acme.okta.com/api/v1/users/", "$user.id", "/lifecycle/suspend"]);
    let step = judged(Platform::N8n, request("POST", url, Value::Null));
    assert_eq!(step.effects[0].kind, Kind::Disable);
    assert_eq!(step.effects[0].evidence, Evidence::Request);
    let Some(Value::Expr(e)) = step.target.identity.first() else { panic!("{:?}", step.target) };
    assert_eq!(e.references(), [&Reference::keys(Root::Trigger, "user.id")]);
}

#[test]
fn a_tenant_that_is_not_known_does_not_hide_the_system() {
    let url = template(&["https://", "$tenant", "/api/v1/users/", "$id", "/lifecycle/suspend"]);
    assert_eq!(kinds(Platform::N8n, request("POST", url, Value::Null)), ["disable okta"]);
}

#[test]
fn an_address_that_is_not_known_belongs_to_whom_the_token_is_for() {
    let asking = |method: &str, url: Value, audience: &str| {
        let mut step = request(method, url, Value::Null);
        step.parameters = map(vec![("authentication", map(vec![("audience", Value::text(audience))]))]);
        kinds(Platform::LogicApps, step)
    };
    let vault = "https://vault.azure.net";
    assert_eq!(asking("GET", reference("place"), vault), ["read-secret azure-key-vault"]);
    assert_eq!(
        asking("GET", Value::text("PUT THE URL OF OUR.VAULT HERE"), vault),
        ["read-secret azure-key-vault"]
    );
    assert_eq!(asking("GET", template(&["$vault", "/secrets"]), vault), ["read azure-key-vault"]);
    let sessions = || template(&["$base", "/v1.0/users/", "$id", "/revokeSignInSessions"]);
    assert_eq!(asking("POST", sessions(), "https://graph.microsoft.com/"), ["revoke entra"]);
    assert_eq!(asking("POST", reference("place"), "api://own-service"), ["opaque http"]);
}

#[test]
fn an_item_that_stops_inheriting_loses_who_had_access_unless_they_are_copied() {
    let calling = |uri: &str| {
        let parameters =
            map(vec![("parameters/method", Value::text("POST")), ("parameters/uri", Value::text(uri))]);
        let step = operation("shared_sharepointonline", "HttpRequest", parameters);
        let mut kinds: Vec<Kind> =
            judged(Platform::PowerAutomate, step).effects.iter().map(|e| e.kind).collect();
        kinds.sort_unstable();
        kinds
    };
    let item = "_api/web/lists/getbytitle('Cases')/items(7)/breakroleinheritance";
    assert_eq!(calling(&format!("{item}(true)")), [Kind::ChangePolicy]);
    let dropped = calling(&format!("{item}(copyRoleAssignments=false, clearSubscopes=true)"));
    assert_eq!(dropped, [Kind::Revoke, Kind::ChangePolicy]);
}

#[test]
fn a_dataverse_action_is_known_by_its_name_or_not_at_all() {
    let acting = |name: &str| {
        let parameters = map(vec![("actionName", Value::text(name))]);
        let step = operation("shared_commondataserviceforapps", "PerformUnboundAction", parameters);
        kinds(Platform::PowerAutomate, step)
    };
    assert_eq!(acting("AddMembersTeam"), ["grant dataverse"]);
    assert_eq!(acting("msdyn_ExecuteOperationSetV1"), ["write dataverse"]);
    assert_eq!(acting("acme_DoWhatItDoes"), ["opaque dataverse"]);
}

#[test]
fn a_recipient_in_a_path_is_one() {
    let posted = |path: &str, body: Value| {
        let mut step = operation("teams", path, Value::Null);
        let url = Value::text(path.trim_start_matches("POST ").replace("{}", "a"));
        step.request =
            Some(Request { method: Value::text("POST"), url, body, governed: true, ..Request::default() });
        judged(Platform::LogicApps, step).target.recipient
    };
    let to = |text: &str| [Value::text(text)];
    assert_eq!(posted("POST /v3/beta/teams/{}/channels/{}/messages", Value::Null), to("a"));
    assert_eq!(posted("POST /v3/beta/teams/t/channels/19:c/messages", Value::Null), to("19:c"));
}

#[test]
fn operations_are_found_by_platform_connector_and_name() {
    let suspend = operation("okta", "suspendUser", Value::Null);
    assert_eq!(kinds(Platform::OktaWorkflows, suspend), ["disable okta"]);
    let grant = operation("sp", "sp:access:manage", map(vec![("requestType", Value::text("GRANT_ACCESS"))]));
    assert_eq!(kinds(Platform::SailPoint, grant), ["grant sailpoint"]);
    let revoke =
        operation("sp", "sp:access:manage", map(vec![("requestType", Value::text("REVOKE_ACCESS"))]));
    assert_eq!(kinds(Platform::SailPoint, revoke), ["revoke sailpoint"]);
}

#[test]
fn an_unknown_operation_is_opaque_unless_its_verb_reads() {
    assert_eq!(kinds(Platform::N8n, operation("acme.node", "thing:getAll", Value::Null)), ["read n8n"]);
    assert_eq!(
        kinds(Platform::N8n, operation("acme.node", "thing:apply", Value::Null)),
        ["opaque acme.node"]
    );
}

#[test]
fn a_bot_that_promotes_grants() {
    let send = |types: &str| {
        kinds(Platform::NodeRed, operation("telegram sender", "-", map(vec![("sends", Value::text(types))])))
    };
    assert_eq!(send(" message promoteChatMember"), ["grant telegram", "revoke telegram"]);
    assert_eq!(send(" unbanChatMember"), ["enable telegram"]);
    assert_eq!(send(" message"), ["notify telegram"]);
}

#[test]
fn a_script_that_makes_an_account_gives_it_its_first_password() {
    let kinds_of = |text: &str| {
        let step = judged(Platform::N8n, script(CodeLanguage::Shell, text));
        step.effects.iter().map(|e| e.kind).collect::<Vec<_>>()
    };
    let made = kinds_of("useradd -m ada\necho \"ada:$P\" | chpasswd");
    assert!(made.contains(&Kind::IssueCredential) && !made.contains(&Kind::ResetCredential), "{made:?}");
    assert!(kinds_of("echo \"ada:$P\" | chpasswd").contains(&Kind::ResetCredential));
    assert!(!kinds_of("chmod +x /usr/local/bin/tool").contains(&Kind::Grant));
    assert!(kinds_of("chmod 777 /srv/shared").contains(&Kind::Grant));
}

#[test]
fn code_that_only_shapes_data_is_control() {
    let shapes = script(CodeLanguage::JavaScript, "return items.map(i => i.json.a)");
    let step = judged(Platform::N8n, shapes);
    assert_eq!((step.effects[0].kind, step.effects[0].evidence), (Kind::Control, Evidence::Code));
    let reaches = script(CodeLanguage::JavaScript, "await fetch(url, {method: 'POST'})");
    assert_eq!(judged(Platform::N8n, reaches).effects[0].kind, Kind::Code);
}

#[test]
fn commands_in_plain_sight_are_evidence() {
    let shell = script(CodeLanguage::Shell, "aws iam delete-access-key --user-name bob --access-key-id $K");
    let step = judged(Platform::N8n, shell);
    assert!(step.effects.iter().any(|e| e.kind == Kind::RevokeCredential), "{:?}", step.effects);
    let python = script(
        CodeLanguage::Python,
        "import boto3\niam = boto3.client('iam')\niam.add_user_to_group(UserName=u, GroupName='admins')",
    );
    let step = judged(Platform::InsightConnect, python);
    assert!(step.effects.iter().any(|e| e.kind == Kind::Grant), "{:?}", step.effects);
}

#[test]
fn calls_of_an_identity_platforms_own_functions_are_evidence() {
    let kinds = |text: &str| {
        let step = judged(Platform::Bpmn, script(CodeLanguage::Groovy, text));
        step.effects.iter().map(|e| e.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds("openidm.create('managed/user', null, [userName: name])"), [Kind::CreateIdentity]);
    let inactive = "params = [[operation: 'replace', field: 'accountStatus', value: 'inactive']]\nopenidm.patch(id, null, params)";
    assert_eq!(kinds(inactive), [Kind::Disable]);
    let roles =
        "openidm.patch('managed/user/' + id, null, [[operation: 'replace', field: 'roles', value: kept]])";
    assert_eq!(kinds(roles), [Kind::Grant, Kind::Revoke]);
    let two = "c = [[operation: 'replace', field: 'accountStatus', value: 'inactive'],\n[operation: 'add', field: 'left', value: day]]\nopenidm.patch(id, null, c)";
    assert_eq!(kinds(two), [Kind::Disable, Kind::UpdateIdentity]);
    assert_eq!(kinds("openidm.update('managed/role/' + id, null, role)"), [Kind::ChangePolicy]);
    let linked =
        "p = new HashMap()\np.put('action', 'link')\nopenidm.action('sync', 'performAction', [:], p)";
    assert_eq!(kinds(linked), [Kind::UpdateIdentity]);
    assert_eq!(kinds("found = openidm.query('managed/user', [:])"), [Kind::Read]);
    assert_eq!(kinds("execution.setVariable('next', 'b')"), [Kind::Control]);
    let chosen =
        "p = new HashMap()\np.put('action', action)\nopenidm.action('sync', 'performAction', [:], p)";
    assert_eq!(kinds(chosen), [Kind::Opaque]);
    assert!(kinds("identityService.save(dto)").contains(&Kind::Code));
    let unknown = kinds("openidm.action('sync', 'performAction', [:], params)");
    assert!(unknown.contains(&Kind::DeleteIdentity), "it may be any of them: {unknown:?}");
}

#[test]
fn what_is_spliced_into_a_command_is_its_argument() {
    let mut step = script(CodeLanguage::Shell, "");
    step.code[0].text = template(&["aws iam delete-login-profile --user-name ", "$user"]);
    let step = judged(Platform::N8n, step);
    let identity = &step.target.identity[0];
    assert_eq!(identity.as_expression().map(|e| e.references().len()), Some(1), "{identity:?}");
}

#[test]
fn a_tier_counts_live_steps_only() {
    let mut workflow = Workflow::new(Platform::OktaWorkflows, "w", "w");
    let mut step = operation("okta", "suspendUser", Value::Null);
    step.enabled = false;
    workflow.add(step);
    classify(&mut workflow);
    assert_eq!(tier(&workflow), (Tier(0), false));
    workflow.steps[0].enabled = true;
    assert_eq!(tier(&workflow), (Tier(2), false));
}

#[test]
fn a_sentence_is_no_query_and_options_keep_their_case() {
    let js = script(CodeLanguage::JavaScript, "return [{json: {text: 'Grant access to the wiki for bob'}}]");
    assert_eq!(judged(Platform::N8n, js).effects[0].kind, Kind::Control);
    let query = script(CodeLanguage::Python, "cursor.execute('GRANT admin TO bob')");
    let step = judged(Platform::N8n, query);
    let granted = |e: &Effect| e.kind == Kind::Grant && e.identity == "bob";
    assert!(step.effects.iter().any(granted), "{:?}", step.effects);
    let chained = script(
        CodeLanguage::Python,
        "from googleapiclient.discovery import build\nbuild('admin').users().delete(userKey=u).execute()",
    );
    assert!(
        judged(Platform::N8n, chained)
            .effects
            .iter()
            .any(|e| e.kind.is_opaque() || e.kind == Kind::DeleteIdentity)
    );
}

#[test]
fn odata_references_are_identities() {
    let url = template(&["https://graph.microsoft.com/v1.0/groups/", "$group", "/members/$ref"]);
    let step = judged(Platform::LogicApps, request("POST", url, map(vec![("@odata.id", reference("user"))])));
    assert_eq!(step.effects[0].kind, Kind::Grant);
    assert!(!step.target.identity.is_empty() && !step.target.entitlement.is_empty(), "{:?}", step.target);
}

/// A read of a list, then a call to the address that an item of the answer gives.
fn call_by_link(read_at: &str, method: &str, link: &str, indexed: bool) -> Step {
    let mut read = request("GET", Value::text(read_at), Value::Null);
    (read.id, read.name) = ("list".into(), "list".into());
    let mut reference = Reference::keys(Root::Step("list".into()), "collection");
    if indexed {
        reference.path.push(workflow::Segment::Index(0));
    }
    reference.path.push(workflow::Segment::Key(link.into()));
    let term = Term::Ref(reference);
    let url = Value::Expr(Box::new(Expression { language: Language::Wdl, text: link.into(), term, line: 1 }));
    let mut workflow = Workflow::new(Platform::N8n, "w", "w.json");
    workflow.add(read);
    workflow.add(request(method, url, Value::Null));
    classify(&mut workflow);
    workflow.steps.remove(1)
}

#[test]
fn a_link_out_of_an_answer_lies_below_the_list_it_was_read_from() {
    let kinds = |s: Step| s.effects.iter().map(|e| format!("{} {}", e.kind, e.system)).collect::<Vec<_>>();
    let members = "https://api.calendly.com/organization_memberships?email=a";
    assert_eq!(kinds(call_by_link(members, "DELETE", "uri", true)), ["revoke calendly"]);
    let user = "https://acme.okta.com/api/v1/users/00u1";
    assert_eq!(kinds(call_by_link(user, "DELETE", "href", false)), ["delete-identity okta"]);
    assert_eq!(kinds(call_by_link(members, "DELETE", "callback", true)), ["opaque http"]);
}

#[test]
fn a_call_that_may_be_any_of_many_is_opaque_where_only_some_change_access() {
    let url = template(&["https://api.telegram.org/bot", "$token", "/", "$method"]);
    assert_eq!(kinds(Platform::N8n, request("POST", url, Value::Null)), ["opaque telegram"]);
}

#[test]
fn a_token_for_the_own_calls_gives_nobody_anything() {
    let at = |url: &str| kinds(Platform::N8n, request("POST", Value::text(url), Value::Null));
    assert_eq!(at("https://api.acme.test/v1/security/oauth2/token"), ["control http"]);
    assert_eq!(at("https://api.acme.test/v1/tokens"), ["opaque http"]);
}

#[test]
fn a_command_in_a_text_of_code_that_runs_nothing_counts_only_where_it_would_change_access() {
    let shapes = script(CodeLanguage::JavaScript, "return [{json: {text: 'ssh failed; ls it again'}}]");
    assert_eq!(kinds(Platform::N8n, shapes), ["control"]);
    let builds = script(CodeLanguage::JavaScript, "return [{json: {cmd: 'net user anna /delete'}}]");
    assert!(kinds(Platform::N8n, builds).iter().any(|k| k.starts_with("delete-identity")));
}

#[test]
fn a_setting_that_is_still_empty_is_a_part_of_the_path() {
    let mut settings = Step::new("settings", "settings", StepKind::Set);
    settings.output = Some(map(vec![("account", Value::text(""))]));
    let term = Term::Template(vec![
        Term::Text("https://api.cloudflare.com/client/v4/accounts/".into()),
        Term::Ref(Reference::keys(Root::Step("settings".into()), "account")),
        Term::Text("/members".into()),
    ]);
    let url = Value::Expr(Box::new(Expression { language: Language::Wdl, text: "".into(), term, line: 1 }));
    let mut workflow = Workflow::new(Platform::N8n, "w", "w.json");
    workflow.add(settings);
    workflow.add(request("POST", url, Value::Null));
    classify(&mut workflow);
    assert_eq!(workflow.steps[1].effects[0].kind, Kind::Grant);
}

/// A step that a person must release, as importers write it: the change itself asks too, and before it stands a
/// synthetic question of which only one answer leads to it.
fn released_by_hand() -> Workflow {
    use workflow::{Ask, EdgeKind, Function, Node, Trigger, TriggerKind};
    let mut w = Workflow::new(Platform::GoogleSecops, "w", "definition.yaml");
    let (kind, span) = (TriggerKind::Event, workflow::Span::default());
    w.triggers.push(Trigger {
        id: "t".into(),
        name: "t".into(),
        kind,
        authenticated: Some(true),
        event: "all".into(),
        filter: None,
        after_approval: false,
        caller_data: false,
        parameters: Value::Null,
        span,
    });
    let mut off = operation("Okta", "Disable User", Value::Null);
    (off.id, off.ask) = ("off".into(), Some(Ask::default()));
    let mut later = operation("Okta", "Enable User", Value::Null);
    later.id = "later".into();
    let mut release = Step::new("off/release", "", StepKind::Branch);
    (release.synthetic, release.ask) = (true, Some(Ask { negative: vec!["skip".into()], ..Ask::default() }));
    let (off, later, release) = (w.add(off), w.add(later), w.add(release));
    let answered = |answer: &str| {
        let asked = Term::Ref(Reference::keys(Root::Step("off/release".into()), ""));
        let term = Term::Call(Function::Equals, vec![asked, Term::Text(answer.into())]);
        let condition = Expression { language: Language::Structured, text: answer.into(), term, line: 0 };
        EdgeKind::When { case: answer.into(), condition }
    };
    w.connect(Node::Trigger(0), release, EdgeKind::Next);
    w.connect(Node::Step(release), off, answered("execute"));
    w.connect(Node::Step(release), later, answered("skip"));
    w.connect(Node::Step(off), later, EdgeKind::Next);
    w
}

#[test]
fn a_release_by_hand_gates_its_own_step_and_no_other() {
    let mut w = released_by_hand();
    classify(&mut w);
    let of =
        |id: &str| w.steps.iter().find(|s| s.id == id).map(|s| s.effects.iter().map(|e| e.kind).collect());
    assert_eq!(of("off"), Some(vec![Kind::Disable, Kind::Ask]));
    assert_eq!(of("off/release"), Some(vec![Kind::Ask]));
    let workflows = [w];
    let set = crate::set::Set::new(&workflows);
    let judge = crate::facts::Judge::new(&set, &[]);
    let gate = |step| judge.verdict(crate::set::Place { workflow: 0, step: workflow::StepIx(step) }).gate;
    assert_eq!((gate(0), gate(1)), (crate::gate::Gate::Present, crate::gate::Gate::None));
}

#[test]
fn code_written_into_a_block_of_another_kind_is_read_too() {
    let mut step = operation("AD LDAP", "disable account", Value::Null);
    step.code.push(Code {
        language: CodeLanguage::Python,
        text: Value::text("    phantom.act('reset password', parameters)\n"),
        name: "userCode".into(),
    });
    assert_eq!(
        kinds(Platform::SplunkSoar, step),
        ["disable active-directory", "reset-credential splunk-soar"]
    );
}

#[test]
fn a_connector_is_known_however_its_name_is_spaced() {
    for connector in ["AWSIAM", "AWS IAM", "aws_iam"] {
        let step = operation(connector, "Disable User Access", Value::Null);
        assert_eq!(kinds(Platform::GoogleSecops, step), ["disable aws-iam"], "{connector}");
    }
}

#[test]
fn a_verb_that_reads_goes_before_what_an_integration_mostly_does() {
    let of = |name| kinds(Platform::GoogleSecops, operation("Mimecast", name, Value::Null)).concat();
    assert!(of("Simple Archive Search").starts_with("read"), "{}", of("Simple Archive Search"));
    assert!(of("Get Message").starts_with("read"));
    assert!(of("Block Sender").starts_with("remediate"));
}

#[test]
fn keys_that_go_with_the_user_stop_working() {
    let step = |keys| operation("AWS IAM", "disable user", map(vec![("disable_access_keys", keys)]));
    let of = |keys| kinds(Platform::SplunkSoar, step(keys));
    assert_eq!(of(Value::Bool(false)), ["disable aws-iam"]);
    assert_eq!(of(Value::Bool(true)), ["disable aws-iam", "revoke-credential aws-iam"]);
}

#[test]
fn shared_account_names_are_known_whatever_the_integration() {
    let secops = |name| kinds(Platform::GoogleSecops, operation("Acme Directory", name, Value::Null));
    assert_eq!(secops("Suspend User"), ["disable saas"]);
    assert_eq!(secops("Reset User Password"), ["reset-credential saas"]);
    let connect = |name| kinds(Platform::InsightConnect, operation("acme_directory", name, Value::Null));
    assert_eq!(connect("remove_user_from_group"), ["revoke saas"]);
    assert_eq!(connect("delete_email"), ["opaque acme_directory"]);
}

#[test]
fn cards_of_okta_workflows_say_whom_they_act_on() {
    let card = |connector: &str, name: &str, group: &str, inputs: Vec<(&str, Value)>| {
        judged(Platform::OktaWorkflows, operation(connector, name, map(vec![(group, map(inputs))])))
    };
    let id = || vec![("User ID", reference("id"))];
    assert_eq!(card("box", "deactivateUser", "User Deactivation", id()).target.identity, [reference("id")]);
    assert_eq!(
        card("office365admin", "disableUserAccount", "User", vec![("id", reference("id"))]).target.identity,
        [reference("id")]
    );
    let out = card("googledirectory", "signOutUser", "Sign Out By", vec![("User Key", reference("id"))]);
    assert_eq!(out.target.identity, [reference("id")]);
    let role = |role| vec![("User", map(vec![("Role", Value::text(role))])), ("Update By", map(id()))];
    let agent = operation("zendeskoauth2", "updateUser", map(role("end-user")));
    assert_eq!(kinds(Platform::OktaWorkflows, agent), ["revoke zendesk"]);
}

#[test]
fn a_calendar_is_shared_by_a_connector_with_its_own_base_address() {
    let body = map(vec![("role", Value::text("reader"))]);
    let mut share = request("POST", template(&["/v3/calendars/", "$owner", "/acl"]), body);
    share.connector = "googlecalendar".into();
    assert_eq!(kinds(Platform::OktaWorkflows, share), ["grant google-calendar"]);
}

#[test]
fn an_account_is_given_to_whom_it_is_correlated_with() {
    let patch = map(vec![
        ("op", Value::text("replace")),
        ("path", Value::text("/identityId")),
        ("value", reference("who")),
    ]);
    let url = template(&["https://acme.api.identitynow.com/v3/accounts/", "$account"]);
    let step = judged(Platform::SailPoint, request("PATCH", url, Value::List(vec![patch])));
    assert_eq!(step.target.identity, [reference("who")]);
}

#[test]
fn the_table_of_a_row_decides_what_making_or_deleting_it_does() {
    let row = |operation_id: &str, table: &str| {
        let parameters = map(vec![("entityName", Value::text(table))]);
        kinds(Platform::PowerAutomate, operation("shared_commondataserviceforapps", operation_id, parameters))
    };
    assert_eq!(row("CreateRecord", "teams"), ["create-identity dataverse"]);
    assert_eq!(row("DeleteRecord", "systemusers"), ["delete-identity dataverse"]);
    assert_eq!(row("UpdateRecord", "roles"), ["change-policy dataverse"]);
    assert_eq!(row("CreateRecord", "invoices"), ["write dataverse"]);
}

#[test]
fn an_app_of_the_power_platform_is_shared_by_its_role_assignments() {
    let assign = |parameters| {
        kinds(
            Platform::PowerAutomate,
            operation("shared_powerappsforappmakers", "Edit-AppRoleAssignment", parameters),
        )
    };
    let put = map(vec![("app", Value::text("a1")), ("body/put", Value::List(Vec::new()))]);
    assert_eq!(assign(put), ["grant power-platform"]);
    assert_eq!(assign(map(vec![("body/delete", Value::text("x"))])), ["revoke power-platform"]);
}

#[test]
fn a_new_site_gives_its_owner_access_and_following_one_gives_nobody_any() {
    let call = |path: &str, body| kinds(Platform::PowerAutomate, request("POST", Value::text(path), body));
    let site = "https://acme.sharepoint.com/_api/SPSiteManager/create";
    let owned = map(vec![("request", map(vec![("Owner", Value::text("a@acme.test"))]))]);
    assert_eq!(call(site, owned), ["grant sharepoint"]);
    let follow = "https://acme.sharepoint.com/_api/social.following/follow";
    assert_eq!(call(follow, map(vec![("actor", Value::text("x"))])), ["write sharepoint"]);
}

#[test]
fn what_a_patch_of_a_source_sets_decides() {
    let patch = |path: &str| {
        let operation = map(vec![("op", Value::text("replace")), ("path", Value::text(path))]);
        let url = Value::text("https://acme.api.identitynow.com/v3/sources/s1");
        kinds(Platform::SailPoint, request("PATCH", url, Value::List(vec![operation])))
    };
    assert_eq!(patch("/connectorAttributes/deltaAggregationEnabled"), ["write sailpoint"]);
    assert_eq!(patch("/owner"), ["change-policy sailpoint"]);
}

#[test]
fn a_chromebooks_password_token_ends() {
    let url = Value::text("https://chromedevicetoken.googleapis.com/v1/users:invalidateToken");
    assert_eq!(
        kinds(Platform::OktaWorkflows, request("POST", url, Value::Null)),
        ["revoke google-workspace"]
    );
}
