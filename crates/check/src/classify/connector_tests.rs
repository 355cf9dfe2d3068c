//! What process engines' and playbooks' scripts call, whom an action is about, and what connectors of Power Automate do that
//! its own catalogue page does not name.

use super::tests::{judged, operation, reference, script};
use workflow::{
    CodeLanguage, Expression, Kind, Language, Map, Platform, Reference, Root, Segment, Step, StepKind, Term,
    Value,
};

#[test]
fn calls_of_a_process_engines_own_services_are_evidence() {
    let kinds = |language, text: &str| {
        let step = judged(Platform::Bpmn, script(language, text));
        step.effects.iter().map(|e| e.kind).collect::<Vec<_>>()
    };
    let groovy = |text| kinds(CodeLanguage::Groovy, text);
    assert_eq!(groovy("identityService.createMembership(who, 'admins')"), [Kind::Grant]);
    assert_eq!(
        groovy("execution.getProcessEngineServices().getIdentityService().deleteUser(who)"),
        [Kind::DeleteIdentity]
    );
    let made = "user = identityService.newUser(who)\nuser.setPassword('x')\nidentityService.saveUser(user)";
    assert_eq!(groovy(made), [Kind::CreateIdentity, Kind::IssueCredential]);
    let javascript = |text| kinds(CodeLanguage::JavaScript, text);
    assert_eq!(
        javascript("people.addAuthority(people.getGroup('GROUP_ADMINS'), person);"),
        [Kind::Grant, Kind::Read]
    );
    assert_eq!(javascript("execution.setVariable('next', JSON.parse(response).id)"), [Kind::Control]);
    assert!(javascript("accounts.remove(who)").contains(&Kind::Code));
}

#[test]
fn a_call_acts_on_what_the_script_is_given() {
    let mut step =
        script(CodeLanguage::Groovy, "identityService.createMembership(\"x-\" + member, 'admins')");
    let from = Term::Ref(Reference { root: Root::Trigger, path: vec![Segment::Key("userId".into())] });
    let mut given = Map::default();
    given.push(
        "member",
        Value::Expr(Box::new(Expression {
            language: Language::Juel,
            text: "member".into(),
            term: from.clone(),
            line: 1,
        })),
        1,
    );
    step.parameters = Value::Map(given);
    let bound = |platform| {
        let step = judged(platform, step.clone());
        step.target.identity[0].as_expression().map(|e| e.term.clone())
    };
    assert_eq!(bound(Platform::Bpmn), Some(from));
}

#[test]
fn names_that_begin_with_what_they_are_about_may_read() {
    let kind = |operation_id: &str| {
        let step = judged(Platform::PowerAutomate, operation("shared_acme", operation_id, Value::Null));
        step.effects[0].kind
    };
    for reads in ["Users_List", "contacts-search", "TasksGetAllTasks", "CustomerSearchV2"] {
        assert_eq!(kind(reads), Kind::Read, "{reads}");
    }
    for may_change in
        ["Users_Create", "UserListMembersAdd", "TextSearchReplace", "Reboot", "GroupGetOrCreate"]
    {
        assert_eq!(kind(may_change), Kind::Opaque, "{may_change}");
    }
}

#[test]
fn microsofts_and_partners_connectors_are_known() {
    let kinds = |connector: &str, operation_id: &str, given: &[(&str, &str)]| {
        let mut map = Map::default();
        given.iter().for_each(|(k, v)| map.push(*k, Value::text(*v), 1));
        let step = judged(Platform::PowerAutomate, operation(connector, operation_id, Value::Map(map)));
        step.effects.iter().map(|e| e.kind).collect::<Vec<_>>()
    };
    let old = "shared_commondataservice";
    assert_eq!(kinds(old, "PostItem_V2", &[("table", "contacts")]), [Kind::Write]);
    assert_eq!(
        kinds(old, "PatchItem_V2", &[("table", "systemusers"), ("item/isdisabled", "true")])[..1],
        [Kind::Disable]
    );
    let bound =
        |name| kinds("shared_commondataserviceforapps", "PerformBoundAction", &[("actionName", name)]);
    assert_eq!(bound("Microsoft.Dynamics.CRM.AddUserToRecordTeam"), [Kind::Grant]);
    assert_eq!(bound("Microsoft.Dynamics.CRM.RemovePrivilegeRole"), [Kind::ChangePolicy]);
    assert_eq!(bound("acme_DoIt"), [Kind::Opaque]);
    let admin = "shared_powerplatformforadmins";
    assert_eq!(kinds(admin, "Edit-AdminEnvironmentRoleAssignment", &[("body/remove", "x")]), [Kind::Revoke]);
    assert_eq!(kinds(admin, "UpdatePolicyV2", &[]), [Kind::ChangePolicy]);
    assert_eq!(kinds("shared_iaconnectjml", "ActiveDirectoryDisableADUserByIdentity", &[]), [Kind::Disable]);
    assert_eq!(kinds("shared_iaconnectjml", "AzureADv2AssignUserToRole", &[]), [Kind::Grant]);
    assert_eq!(kinds("shared_iaconnectjml", "ActiveDirectoryGetADGroupMembers", &[]), [Kind::Read]);
    assert_eq!(kinds("shared_office365", "ContactGetItems_V2", &[]), [Kind::Read]);
    assert_eq!(kinds("shared_teams", "DeleteTagMember", &[]), [Kind::Write]);
    assert_eq!(kinds("shared_planner", "CreatePlan_V1", &[]), [Kind::Write]);
    assert_eq!(kinds("shared_planner", "ListTasks_V3", &[]), [Kind::Read]);
}

#[test]
fn actions_that_code_in_splunk_soar_runs_by_name_are_evidence() {
    let kinds = |text: &str| {
        let step = judged(Platform::SplunkSoar, script(CodeLanguage::Python, text));
        step.effects.iter().map(|e| e.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds("phantom.act('get data', parameters=rows, assets=['http'])"), [Kind::Read]);
    assert_eq!(kinds("phantom.act(\"block ip\", parameters=rows, callback=tell)"), [Kind::Remediate]);
    assert_eq!(kinds("phantom.act(wanted, parameters=rows)"), [Kind::Code]);
    assert_eq!(kinds("phantom.act('frobnicate host', parameters=rows)"), [Kind::Code]);
    assert!(kinds("phantom.act('get data')\nrequests.post(url, json=rows)").contains(&Kind::Code));
}

#[test]
fn commands_that_contain_a_windows_host_are_known() {
    let kinds = |text: &str| {
        let step = judged(Platform::SplunkSoar, script(CodeLanguage::PowerShell, text));
        step.effects.iter().map(|e| e.kind).collect::<Vec<_>>()
    };
    let quiet = "$ProgressPreference = 'SilentlyContinue'; ";
    assert_eq!(
        kinds(&format!("{quiet}New-NetFirewallRule -DisplayName Out -Action Block")),
        [Kind::Remediate]
    );
    assert_eq!(kinds(&format!("{quiet}shutdown /s /t 0")), [Kind::Remediate]);
    assert_eq!(kinds("Disable-LocalUser -Name guest"), [Kind::Disable]);
    assert_eq!(kinds("Stop-Computer; C:\\tools\\assess.exe"), [Kind::Remediate, Kind::Code]);
}

#[test]
fn an_action_of_google_secops_is_about_the_entities_in_scope() {
    let about = |given: &[(&str, Value)]| {
        let mut step = Step::new("off", "off", StepKind::Action);
        step.connector = "Okta".into();
        step.operation = "Disable User".into();
        let mut map = Map::default();
        given.iter().for_each(|(name, value)| map.push(*name, value.clone(), 1));
        step.parameters = Value::Map(map);
        judged(Platform::GoogleSecops, step).target.identity
    };
    let scope = || ("SelectedScopeName", reference("scope"));
    let named = || ("User IDs Or Logins", Value::text("ada"));
    assert_eq!(about(&[scope()]), [reference("scope")]);
    assert_eq!(about(&[scope(), named()]), [Value::text("ada")]);
    assert_eq!(
        about(&[scope(), named(), ("Also Run On Scope", Value::Bool(true))]),
        [Value::text("ada"), reference("scope")]
    );
}
