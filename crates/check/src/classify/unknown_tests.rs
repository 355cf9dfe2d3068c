//! What is said of services, nodes and statements that no catalogue knows, by their shape and words.

use super::tests::{judged, kinds, map, operation, reference, request, script, template};
use super::*;
use workflow::{Code, Expression, Language, Platform, Reference, Root, Term, Value};

#[test]
fn a_node_type_says_by_its_words_what_it_does() {
    let node = |kind: &str| kinds(Platform::NodeRed, operation(kind, "-", Value::Null));
    assert_eq!(node("acme-read"), ["read acme-read"]);
    assert_eq!(node("acmebus out"), ["write acmebus out"]);
    assert_eq!(node("acme_does_thing_exist"), ["read acme_does_thing_exist"]);
    assert_eq!(node("Acme NMAP Scanner"), ["read Acme NMAP Scanner"]);
    assert_eq!(node("acme-set-lookup"), ["opaque acme-set-lookup"]);
    assert_eq!(node("acme"), ["opaque acme"]);
    assert_eq!(node("acme-chat-message"), ["notify acme-chat-message"]);
}

#[test]
fn a_contracts_function_says_by_its_name_whether_it_lets_somebody_in() {
    let call = |function: &str, read_only: bool| {
        let parameters = map(vec![("readonlyFunction", Value::Bool(read_only))]);
        kinds(Platform::NodeRed, operation("contract-call", function, parameters))
    };
    assert_eq!(call("grantRole", false), ["grant ethereum"]);
    assert_eq!(call("revokeRole", false), ["revoke ethereum"]);
    assert_eq!(call("transferOwnership", false), ["change-policy ethereum"]);
    assert_eq!(call("checkAccess", true), ["read ethereum"]);
    assert_eq!(call("setPrice", false), ["opaque ethereum"]);
}

#[test]
fn methods_of_amazons_library_are_known_on_every_platform() {
    let call =
        |connector: &str, method: &str| kinds(Platform::NodeRed, operation(connector, method, Value::Null));
    assert_eq!(call("aws-sdk:iam", "createAccessKey"), ["issue-credential aws-iam"]);
    assert_eq!(call("aws-sdk:iam", "listUsers").len(), 1);
}

#[test]
fn statements_are_read_wherever_they_are_made() {
    let query = |text: &str| map(vec![("query", Value::text(text))]);
    let asked = |text: &str| judged(Platform::N8n, operation("acme.rows", "-", query(text))).effects[0].kind;
    assert_eq!(asked("SELECT a FROM t"), Kind::Read);
    assert_eq!(asked("CREATE TABLE t (a int)"), Kind::Write);
    assert_eq!(asked("who is who"), Kind::Opaque);
    let with = |operation_of: &str, more: &'static str, value: &str| {
        let parameters = map(vec![("query", Value::text("SELECT a FROM t")), (more, Value::text(value))]);
        judged(Platform::N8n, operation("acme.rows", operation_of, parameters)).effects.pop().unwrap().kind
    };
    assert_eq!(with("execute:query", "name", "x"), Kind::Read);
    assert_eq!(with("user:delete", "name", "x"), Kind::Opaque, "the operation says more than the statement");
    assert_eq!(with("-", "preCommand", "net user bob /add"), Kind::Opaque, "it runs something besides");
    assert_eq!(with("-", "sql", "CALL make_admin()"), Kind::Code, "a second statement");
    let made = |script_text: &str| {
        let mut maker = script(CodeLanguage::JavaScript, script_text);
        maker.id = "maker".into();
        let term = Term::Ref(Reference::keys(Root::Step("maker".into()), "topic"));
        let text =
            Value::Expr(Box::new(Expression { language: Language::NodeRed, text: "".into(), term, line: 1 }));
        let mut step = Step::new("s", "s", StepKind::Action);
        step.connector = "mysql".into();
        step.code.push(Code { language: CodeLanguage::Sql, text, name: Text::default() });
        let mut workflow = Workflow::new(Platform::NodeRed, "w", "w.json");
        workflow.add(maker);
        workflow.add(step);
        classify(&mut workflow);
        workflow.steps[1].effects.iter().map(|e| e.kind).collect::<Vec<_>>()
    };
    let chosen = "for (const r of rows) { sql += \"INSERT INTO t VALUES (1)\"; }";
    assert_eq!(made(chosen), [Kind::Write]);
    assert_eq!(made("msg.topic = build(msg);"), [Kind::Code]);
    assert!(made("msg.topic = \"GRANT ALL ON t TO \" + who;").contains(&Kind::Grant));
}

#[test]
fn an_unknown_operation_that_says_get_reads() {
    let asking = |method: &str| {
        kinds(
            Platform::N8n,
            operation("acme.node", "other:doIt", map(vec![("requestMethod", Value::text(method))])),
        )
    };
    assert_eq!(asking("GET"), ["read acme.node"]);
    assert_eq!(asking("DELETE"), ["opaque acme.node"]);
}

#[test]
fn a_service_that_nobody_knows_says_by_its_address_what_it_does_to_people() {
    let calling = |method: &str, path: &str, body: Value| {
        kinds(Platform::N8n, request(method, template(&["https://api.acme.test", path, "$id"]), body))
    };
    let ada = || map(vec![("email", reference("mail"))]);
    let at = |url: &str, body: Value| kinds(Platform::N8n, request("POST", Value::text(url), body));
    assert_eq!(at("https://api.acme.test/v1/users", ada()), ["create-identity api.acme.test"]);
    let full = map(vec![
        ("email", reference("mail")),
        ("role", Value::text("editor")),
        ("password", reference("p")),
    ]);
    assert_eq!(
        at("https://api.acme.test/members", full),
        ["grant api.acme.test", "create-identity api.acme.test", "issue-credential api.acme.test"]
    );
    assert_eq!(at("https://api.acme.test/v1/users", Value::Null), ["opaque http"], "nobody is named");
    assert_eq!(at("https://api.acme.test/lists/7/members", ada()), ["opaque http"], "a mailing list");
    assert_eq!(calling("DELETE", "/users/", Value::Null), ["delete-identity api.acme.test"]);
    let off = map(vec![("active", Value::Bool(false))]);
    assert_eq!(calling("PATCH", "/users/", off), ["disable api.acme.test"]);
    assert_eq!(
        calling("PATCH", "/users/", map(vec![("city", Value::text("Bern"))])),
        ["update-identity api.acme.test"]
    );
    assert_eq!(calling("DELETE", "/groups/7/members/", Value::Null), ["revoke api.acme.test"]);
    assert_eq!(at("https://api.acme.test/groups/7/members", ada()), ["grant api.acme.test"]);
    assert_eq!(at("https://api.acme.test/users/7/roles", Value::Null), ["grant api.acme.test"]);
}

#[test]
fn a_request_to_a_webhook_of_n8n_starts_a_workflow_wherever_n8n_runs() {
    let here =
        |method: &str, url: &str| judged(Platform::N8n, request(method, Value::text(url), Value::Null));
    let key = |s: &Step| s.calls.iter().map(|c| c.key.clone()).collect::<Vec<_>>();
    let named = |n: &str| vec![workflow::CalleeKey::Name(n.into())];
    let step = here("POST", "https://localhost:5678/webhook/give");
    assert_eq!(key(&step), named("POST /webhook/give"));
    assert_eq!(step.effects.iter().map(|e| e.kind).collect::<Vec<_>>(), [Kind::Call]);
    assert_eq!(key(&here("GET", "https://flows.corp.test/webhook-test/a/b")), named("GET /webhook/a/b"));
    assert_eq!(key(&here("POST", "https://own.app.n8n.cloud/webhook/give")), named("POST /webhook/give"));
    for other in
        ["https://corp.test/webhooks/give", "https://corp.test/api/webhook/give", "https://corp.test/webhook"]
    {
        assert!(key(&here("POST", other)).is_empty(), "{other}");
    }
    let elsewhere = |method: &str| {
        kinds(
            Platform::LogicApps,
            request(method, Value::text("https://corp.test/webhook/give"), Value::Null),
        )
    };
    assert_eq!(elsewhere("POST"), ["opaque http"]);
    assert_eq!(elsewhere("GET"), ["read http"]);
}

#[test]
fn a_verb_that_reads_says_nothing_where_a_later_word_changes() {
    let kind = |platform, connector: &str, name: &str| {
        judged(platform, operation(connector, name, Value::Null)).effects[0].kind
    };
    let power = |name: &str| kind(Platform::PowerAutomate, "shared_acme", name);
    let changing = [
        "GetAndResetPassword",
        "ListAndDeleteUsers",
        "GetOrCreateUser",
        "FindAndDisableAccount",
        "VerifyAndUnlockUser",
        "SearchThenInvite",
        "CheckInFile",
        "ResolveIncident",
    ];
    for name in changing {
        assert_eq!(power(name), Kind::Opaque, "{name}");
    }
    for name in [
        "GetUpdatedItems",
        "ListDeletedGroups",
        "GetLatestUpdate",
        "GetPost",
        "ResolveDomain",
        "GetPasswordPolicy",
        "GetUserByToken",
    ] {
        assert_eq!(power(name), Kind::Read, "{name}");
    }
    for name in [
        "GetUserPassword",
        "RetrieveSecret",
        "GetAccessToken",
        "GetSecretValueV2",
        "Users_GetPassword",
        "FetchApiKey",
    ] {
        assert_eq!(power(name), Kind::ReadSecret, "{name}");
    }
    assert_eq!(kind(Platform::GoogleSecops, "Acme", "Search And Delete Email"), Kind::Opaque);
    assert_eq!(kind(Platform::N8n, "acme.node", "getOrCreate"), Kind::Opaque);
    assert_eq!(power(" GetItems "), Kind::Read);
    let amazon =
        |service: &str, method: &str| kind(Platform::StepFunctions, &format!("aws-sdk:{service}"), method);
    for (service, method) in [
        ("support", "resolveCase"),
        ("kinesis", "splitShard"),
        ("elasticache", "testFailover"),
        ("acme", "checkoutLicense"),
    ] {
        assert_eq!(amazon(service, method), Kind::Opaque, "{service}:{method}");
    }
    assert_eq!(amazon("acme", "describeThings"), Kind::Read);
}

#[test]
fn a_host_known_only_from_a_list_is_not_harmless_to_users_and_keys() {
    let at = |method: &str, url: &str| {
        judged(Platform::N8n, request(method, Value::text(url), Value::Null)).effects[0].kind
    };
    assert_eq!(at("POST", "https://api.elevenlabs.io/v1/service-accounts/1/api-keys"), Kind::Opaque);
    assert_eq!(at("DELETE", "https://api.elevenlabs.io/v1/service-accounts/1/api-keys/7"), Kind::Opaque);
    assert_eq!(at("POST", "https://api.mailgun.net/v5/users"), Kind::Opaque);
    assert_eq!(at("GET", "https://openrouter.ai/api/v1/keys"), Kind::Read);
    assert_eq!(at("POST", "https://openrouter.ai/api/v1/chat/completions"), Kind::Read);
}

#[test]
fn words_about_access_are_whole_words() {
    let at = |path: &str| {
        let url = Value::text(format!("https://api.acme.test/v1/{path}").as_str());
        judged(Platform::N8n, request("POST", url, Value::Null)).effects[0].kind
    };
    for path in ["tokenize", "grouping", "factories/7", "accessories", "payroll"] {
        assert_eq!(at(path), Kind::Write, "{path}");
    }
    for path in [
        "adduser",
        "user-roles",
        "userGroups",
        "usermanagement",
        "memberships",
        "api_keys/tokens",
        "licences",
        "subAccounts",
    ] {
        assert_eq!(at(path), Kind::Opaque, "{path}");
    }
}

#[test]
fn a_request_that_no_entry_knows_belongs_to_the_hosts_main_system() {
    let url = || Value::text("https://graph.microsoft.com/v1.0/frobnicate/7");
    assert_eq!(kinds(Platform::N8n, request("POST", url(), Value::Null)), ["opaque entra"]);
    let teams = Value::text("https://graph.microsoft.com/v1.0/teamwork/frobnicate");
    assert_eq!(kinds(Platform::N8n, request("POST", teams, Value::Null)).len(), 1);
}
