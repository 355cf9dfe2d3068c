//! What process engines' and playbooks' scripts call, whom an action is about, and what connectors of Power Automate do that
//! its own catalogue page does not name.

use super::tests::{judged, kinds, map, operation, reference, request, script, template};
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

#[test]
fn a_route_below_an_address_kept_elsewhere_needs_no_slash() {
    let told = |platform, connector: &str, key: &str, path: &str, body: Value| {
        let mut step = request("PATCH", Value::text(path), body);
        (step.connector, step.parameters) = (connector.into(), map(vec![(key, Value::text(path))]));
        kinds(platform, step)
    };
    let off = || map(vec![("accountEnabled", Value::Bool(false))]);
    for route in ["v1.0/users/1", "/v1.0/users/1"] {
        assert_eq!(
            told(Platform::InsightConnect, "rest", "route", route, off()),
            ["disable entra"],
            "{route}"
        );
        assert_eq!(
            told(Platform::SplunkSoar, "HTTP", "location", route, off()),
            ["disable entra"],
            "{route}"
        );
    }
    let whole = "https://graph.microsoft.com/v1.0/users/1";
    assert_eq!(told(Platform::SplunkSoar, "HTTP", "location", whole, off()), ["disable entra"]);
    let unknown = told(Platform::InsightConnect, "rest", "route", "/things/1", Value::Null);
    assert_eq!(unknown, ["opaque rest"]);
}

#[test]
fn code_into_which_the_platform_puts_text_is_not_known() {
    let filled = |platform| {
        let mut step = script(CodeLanguage::Python, "");
        step.code[0].text = template(&["import json\nx = json.loads('''", "$payload", "''')"]);
        judged(platform, step).effects[0].kind
    };
    assert_eq!(filled(Platform::InsightConnect), Kind::Code);
    assert_eq!(filled(Platform::N8n), Kind::Control);
    let whole = script(CodeLanguage::Python, "import json\nx = json.loads(params['payload'])");
    assert_eq!(judged(Platform::InsightConnect, whole).effects[0].kind, Kind::Control);
}

#[test]
fn an_action_by_its_shared_name_is_of_the_app_that_it_stands_in() {
    let told = |app, action| kinds(Platform::SplunkSoar, operation(app, action, Value::Null));
    assert_eq!(told("domainctrl1", "disable user"), ["disable domainctrl1"]);
    assert_eq!(told("CrowdStrike OAuth API", "quarantine device"), ["remediate splunk-soar"]);
    assert_eq!(told("Cisco ISE", "quarantine device"), ["remediate cisco-ise"]);
    assert_eq!(told("MS Graph for Active Directory", "add user"), ["grant entra"]);
    assert_eq!(told("MS Graph for Active Directory", "generate token"), ["read entra"]);
    assert_eq!(told("MS Graph for Active Directory", "add cidr to named location"), ["change-policy entra"]);
    assert_eq!(told("Alibaba RAM", "replace groups"), ["grant alibaba-ram", "revoke alibaba-ram"]);
    assert_eq!(told("Venafi", "revoke certificate"), ["revoke-credential venafi"]);
    assert_eq!(told("Google Cloud IAM", "disable serviceaccount"), ["disable google-cloud"]);
    assert_eq!(told("AWS Systems Manager", "run document"), ["code aws-systems-manager"]);
}

#[test]
fn the_second_bit_of_an_accounts_flags_says_whether_it_is_disabled() {
    let told = |value: Value| {
        let given =
            map(vec![("attribute_to_modify", Value::text("userAccountControl")), ("attribute_value", value)]);
        kinds(Platform::InsightConnect, operation("active_directory_ldap", "modify_object", given))
    };
    assert_eq!(told(Value::text("514")), ["disable active-directory"]);
    assert_eq!(told(Value::text("66048")), ["enable active-directory"]);
    let either = ["enable active-directory", "disable active-directory"];
    assert_eq!(told(reference("flags")), either);
    assert_eq!(told(Value::text("8388608")), either);
}

#[test]
fn an_account_that_is_made_with_a_role_is_given_access() {
    let told = |plugin, key: &str, value: Value| {
        kinds(Platform::InsightConnect, operation(plugin, "create_user", map(vec![(key, value)])))
    };
    assert_eq!(
        told("samanage", "role", Value::text("Administrator")),
        ["grant samanage", "create-identity samanage"]
    );
    let groups = || Value::List(vec![Value::text("ops")]);
    assert!(told("zscaler", "groupNames", groups()).contains(&"grant zscaler".to_owned()));
    assert!(told("jira", "products", groups()).iter().any(|k| k.starts_with("grant")));
    let added = operation("duo_admin", "add_user", map(vec![("status", Value::text("bypass"))]));
    assert_eq!(kinds(Platform::InsightConnect, added), ["create-identity duo", "reset-credential duo"]);
}

#[test]
fn code_that_reads_the_platforms_own_records_reads() {
    let kinds = |text: &str| {
        let step = judged(Platform::SplunkSoar, script(CodeLanguage::Python, text));
        step.effects.iter().map(|e| e.kind).collect::<Vec<_>>()
    };
    let address = "phantom.build_phantom_rest_url('ph_user', number)";
    assert_eq!(kinds(&format!("user = phantom.requests.get({address}, verify=False).json()")), [Kind::Read]);
    assert!(kinds(&format!("phantom.requests.delete({address})")).contains(&Kind::Code));
}

#[test]
fn an_answer_to_an_inline_hook_of_okta_has_okta_do_it() {
    let done = |name: &str, value: (&str, &str)| {
        let (mut command, mut inner, mut map) = (Map::default(), Map::default(), Map::default());
        inner.push(value.0, Value::text(value.1), 1);
        command.push("type", Value::text(name), 1);
        command.push("value", Value::Map(inner), 1);
        map.push("commands", Value::List(vec![Value::Map(command)]), 1);
        let step = operation("kernel", "control.returnRaw", Value::Map(map));
        let effects = judged(Platform::OktaWorkflows, step).effects;
        effects.iter().map(|e| (e.kind, e.refuses)).collect::<Vec<_>>()
    };
    let action = "com.okta.action.update";
    assert_eq!(done(action, ("registration", "ALLOW")), [(Kind::Decide, false)]);
    assert_eq!(done(action, ("registration", "DENY")), [(Kind::Decide, true)]);
    assert_eq!(done(action, ("credential", "VERIFIED")), [(Kind::Decide, false)]);
    assert_eq!(done(action, ("result", "CREATE_USER")), [(Kind::CreateIdentity, false)]);
    assert_eq!(done(action, ("result", "LINK_USER")), [(Kind::UpdateIdentity, false)]);
    assert_eq!(done("com.okta.user.profile.update", ("firstName", "Ada")), [(Kind::UpdateIdentity, false)]);
    assert_eq!(done("com.okta.identity.patch", ("op", "add")), [(Kind::Opaque, false)]);
    assert_eq!(done("another", ("op", "add")), [(Kind::Control, false)]);
}

#[test]
fn what_okta_grants_and_by_which_rules_is_told_by_card_and_body() {
    let card = |name| kinds(Platform::OktaWorkflows, operation("oig", name, Value::Null));
    assert_eq!(card("createBundle"), ["change-policy okta"]);
    assert_eq!(card("deleteRequestCondition"), ["change-policy okta"]);
    assert!(card("readRequestCondition")[0].starts_with("read"));
    let post = |path: &str, body| {
        kinds(Platform::N8n, request("POST", Value::text(format!("https://corp.okta.com{path}")), body))
    };
    let grant = |action| post("/governance/api/v1/grants", map(vec![("action", Value::text(action))]));
    assert_eq!(
        (grant("ALLOW"), grant("DENY")),
        (vec!["grant okta".to_owned()], vec!["revoke okta".to_owned()])
    );
    let app = |method| {
        let client = map(vec![("token_endpoint_auth_method", Value::text(method))]);
        post("/api/v1/apps", map(vec![("credentials", map(vec![("oauthClient", client)]))]))
    };
    assert_eq!(app("client_secret_basic"), ["create-identity okta", "issue-credential okta"]);
    assert_eq!(app("none"), ["create-identity okta"]);
}

/// A step of Logic Apps that calls a connector by a path.
fn by_path(connector: &str, said: &str, method: &str, path: Value) -> Step {
    let mut step = request(method, path, Value::Null);
    (step.connector, step.operation) = (connector.into(), said.into());
    step.request.as_mut().unwrap().governed = true;
    judged(Platform::LogicApps, step)
}

#[test]
fn a_constant_in_a_connectors_path_hides_nothing() {
    let shared = by_path(
        "sharepointonline",
        "POST /datasets/{}/tables/0e13eb20-7a56/items/{}/grantaccess",
        "POST",
        template(&["/datasets/", "$site", "/tables/0e13eb20-7a56/items/", "$item", "/grantaccess"]),
    );
    assert_eq!((shared.effects[0].kind, &*shared.effects[0].system), (Kind::Grant, "sharepoint"));
    let added = |said: &str, group: &str| {
        let path = template(&["/v1.0/groups/", group, "/members/memberUpn/$ref"]);
        let step = by_path("office365groups", said, "POST", path);
        (step.effects[0].kind, step.effects[0].entitlement.to_string())
    };
    let fixed = added("POST /v1.0/groups/7a0c2f5e/members/memberUpn/$ref", "7a0c2f5e");
    assert_eq!(fixed, (Kind::Grant, "7a0c2f5e".to_owned()));
    let chosen = added("POST /v1.0/groups/{}/members/memberUpn/$ref", "$team");
    assert_eq!(chosen, (Kind::Grant, "trigger.team".to_owned()));
}

#[test]
fn a_method_that_reads_beats_what_a_connector_does_whatever_the_method() {
    let path = || template(&["/Incidents/subscriptions/", "$id", "/alerts/7"]);
    let kind = |method: &str| {
        let said = format!("{method} /Incidents/subscriptions/{{}}/alerts/7");
        by_path("azuresentinel", &said, method, path()).effects[0].kind
    };
    assert_eq!(kind("GET"), Kind::Read);
    assert_eq!(kind("PUT"), Kind::Ticket);
}

#[test]
fn whom_and_what_a_role_assignment_names_are_told_apart() {
    let call = [
        "https://acme.sharepoint.com/_api/web/roleassignments/addroleassignment(principalid=",
        "$group",
        ",roledefid=",
        "$role",
        ")",
    ];
    let step = judged(Platform::PowerAutomate, request("POST", template(&call), Value::Null));
    let effect = &step.effects[0];
    assert_eq!(effect.kind, Kind::Grant);
    assert_eq!((&*effect.identity, &*effect.entitlement), ("trigger.group", "trigger.role"));
}

#[test]
fn a_reference_is_seen_through_the_encoding_of_a_path() {
    let Value::Expr(mut path) = template(&["/v1.0/groups/", "$group", "/members/", "$user", "/$ref"]) else {
        panic!()
    };
    let Term::Template(parts) = &mut path.term else { panic!() };
    for part in parts.iter_mut().filter(|p| matches!(p, Term::Ref(_))) {
        *part = Term::Call(workflow::Function::UrlEncode, vec![part.clone()]);
    }
    let step = by_path("azuread", "DELETE /v1.0/groups/{}/members/{}/$ref", "DELETE", Value::Expr(path));
    let effect = &step.effects[0];
    assert_eq!(
        (effect.kind, &*effect.identity, &*effect.entitlement),
        (Kind::Revoke, "trigger.user", "trigger.group")
    );
}

#[test]
fn a_platform_has_an_operation_of_its_own_only_for_what_is_really_done() {
    let raw = |method: &str, url: Value, body: Value| {
        judged(Platform::PowerAutomate, request(method, url, body)).target.operation_exists
    };
    let group = Value::text("https://acme.sharepoint.com/_api/web/sitegroups");
    assert!(!raw("POST", group, Value::Null), "only a third party's connector makes such");
    let sessions = template(&["https://graph.microsoft.com/v1.0/users/", "$user", "/revokeSignInSessions"]);
    assert!(raw("POST", sessions, Value::Null));
    let user = || template(&["https://graph.microsoft.com/v1.0/users/", "$user"]);
    let mut off = Map::default();
    off.push("accountEnabled", Value::Bool(false), 1);
    assert!(raw("PATCH", user(), Value::Map(off)));
}
