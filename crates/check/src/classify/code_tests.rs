//! What code, commands and statements do, where an expression, a module or a piece of a text stands in the middle.

use super::tests::{judged, kinds, map, operation, reference, script, template};
use workflow::{Code, CodeLanguage, Effect, Kind, Platform, Step, Text, Value};

/// A shell command with holes.
fn command(parts: &[&str]) -> Step {
    let mut step = script(CodeLanguage::Shell, "");
    step.code[0].text = template(parts);
    step
}

fn effects(step: Step) -> Vec<Kind> {
    judged(Platform::N8n, step).effects.iter().map(|e| e.kind).collect()
}

fn javascript(text: &str) -> Vec<Kind> {
    effects(script(CodeLanguage::JavaScript, text))
}

#[test]
fn words_behind_what_is_spliced_in_still_say_what_a_command_does() {
    for (parts, kind) in [
        (["net user ", "$user", " /active:no /domain"], Kind::Disable),
        (["net user ", "$user", " /delete"], Kind::DeleteIdentity),
        (["net localgroup Administrators ", "$user", " /add"], Kind::Grant),
        (["gam update user ", "$user", " suspended on"], Kind::Disable),
        (["whoami; net user ", "$user", " /delete"], Kind::DeleteIdentity),
    ] {
        let step = judged(Platform::N8n, command(&parts));
        assert!(step.effects.iter().any(|e| e.kind == kind), "{parts:?}: {:?}", step.effects);
        let mut identity = step.target.identity.iter().filter_map(Value::as_expression);
        assert!(identity.any(|e| !e.references().is_empty()), "{parts:?}: {:?}", step.target);
    }
}

#[test]
fn what_is_only_a_comment_and_what_only_computes_shapes_data() {
    let only_shapes = [
        "// Code added here will be run once\n// whenever the node is started.\n",
        "/* nothing yet */",
        "const { ObjectId } = require('bson'); return new ObjectId(msg.payload.id);",
        "const ok = require('bcryptjs').compareSync(given, hash); return ok;",
        "const util = require('node:util'); return util.inspect(items);",
    ];
    for text in only_shapes {
        assert_eq!(javascript(text), [Kind::Control], "{text}");
    }
    assert_eq!(javascript("  \n"), [Kind::Code], "what is not there cannot be read");
    assert_eq!(javascript("require('qrcode').toFile(path, text)"), [Kind::Code]);
}

#[test]
fn comments_do_nothing() {
    assert_eq!(
        javascript("// fetch('https://acme.okta.com/api/v1/users/1', {method: 'DELETE'})\nreturn items;"),
        [Kind::Control]
    );
    assert_eq!(
        javascript("/* fetch('https://acme.okta.com/api/v1/users/1', {method: 'DELETE'}) */ return items;"),
        [Kind::Control]
    );
    let python = "# requests.delete('https://acme.okta.com/api/v1/users/1')\nreturn items  # requests.delete('https://acme.okta.com/api/v1/users/1')";
    assert_eq!(effects(script(CodeLanguage::Python, python)), [Kind::Control]);
    let shell = script(CodeLanguage::Shell, "# Disable-ADAccount ada\nuptime");
    assert_eq!(effects(shell), [Kind::Read]);
    let live = javascript("await fetch('https://acme.okta.com/api/v1/users/1', {method: 'DELETE'}) // gone");
    assert!(live.contains(&Kind::DeleteIdentity), "{live:?}");
}

#[test]
fn code_that_makes_code_is_not_read() {
    for text in [
        "return [].constructor.constructor($json.body.c)();",
        "const F = (() => {}).constructor; return F($json.c)();",
        "return []['constructor']['constructor']($json.c)();",
        "return []['con' + 'structor']['con' + 'structor']($json.c)();",
        "return globalThis['fet' + 'ch']($json.u, {method: 'DELETE'});",
        "const g = globalThis; return g[$json.f]($json.u);",
        "return Function('return 1')();",
        "return (0, eval)($json.c);",
        "const load = require; return load($json.m);",
        "return require($json.m).run();",
    ] {
        assert_eq!(javascript(text), [Kind::Code], "{text}");
    }
    for text in [
        "return items.filter(i => i.json.constructor === Object && i.constructor.name !== 'Array');",
        "class A { constructor(a) { this.a = a; } }\nreturn [{json: new A(1)}];",
        "globalThis.seen = 1; return [rows[n + 1]('x'), all['a' + n]];",
        "return [{json: {text: 'this may require (if any) an evaluation'}}];",
    ] {
        assert_eq!(javascript(text), [Kind::Control], "{text}");
    }
}

#[test]
fn what_code_puts_together_is_read() {
    for text in [
        "await fetch('https://acme.okta.com/api/v1/users/' + $json.id + '/lifecycle/suspend', {method: 'POST'});",
        "const base = 'https://acme.okta.com/api/v1';\nconst url = `${base}/users/${$json.id}/lifecycle/suspend`;\nawait fetch(url, {method: 'POST'});",
    ] {
        assert!(javascript(text).contains(&Kind::Disable), "{text}");
    }
    for (text, kind) in [
        (
            "import requests\nrequests.post('https://acme.okta.com/api/v1/users/' + u + '/lifecycle/suspend')",
            Kind::Disable,
        ),
        (
            "import requests\nrequests.post(f'https://acme.okta.com/api/v1/users/{p[\"id\"]}/lifecycle/suspend')",
            Kind::Disable,
        ),
        ("import subprocess\nsubprocess.run(['net', 'user', p['u'], '/active:no'])", Kind::Disable),
        (
            "import subprocess\nsubprocess.run(['aws', 'iam', 'delete-user', '--user-name', u])",
            Kind::DeleteIdentity,
        ),
        ("import os\nos.system('net user ' + u + ' /delete')", Kind::DeleteIdentity),
    ] {
        let found = effects(script(CodeLanguage::Python, text));
        assert!(found.contains(&kind) && found.contains(&Kind::Code), "{text}: {found:?}");
    }
}

#[test]
fn a_module_that_a_function_is_given_is_looked_at() {
    let function = |module: &str| {
        let mut step = script(CodeLanguage::JavaScript, "lib.exec(msg.payload.c); return msg;");
        let text = Value::text(format!("const lib = require(\"{module}\");"));
        step.code.push(Code { language: CodeLanguage::JavaScript, text, name: Text::default() });
        kinds(Platform::NodeRed, step)
    };
    assert_eq!(function("child_process"), ["code"]);
    assert_eq!(function("@okta/okta-sdk-nodejs"), ["code"]);
    assert_eq!(function("moment"), ["control"]);
}

#[test]
fn roles_of_databases_are_told_by_their_names() {
    let granted = |text: &str| {
        let step = judged(Platform::N8n, script(CodeLanguage::Sql, text));
        let grant = step.effects.into_iter().find(|e| matches!(e.kind, Kind::Grant | Kind::Revoke));
        grant.map(|Effect { identity, entitlement, privileged, .. }| {
            (identity.to_string(), entitlement.to_string(), privileged)
        })
    };
    let is = |identity: &str, entitlement: &str, privileged| {
        Some((identity.to_owned(), entitlement.to_owned(), privileged))
    };
    assert_eq!(granted("GRANT ROLE ACCOUNTADMIN TO USER bob"), is("bob", "ACCOUNTADMIN", true));
    assert_eq!(granted("grant role analyst to role hr;"), is("hr", "analyst", false));
    assert_eq!(granted("REVOKE ROLE SECURITYADMIN FROM USER bob"), is("bob", "SECURITYADMIN", true));
    assert_eq!(granted("GRANT analyst TO bob"), is("bob", "analyst", false));
    let all = granted("GRANT ALL PRIVILEGES ON *.* TO 'bob'@'%' WITH GRANT OPTION");
    assert!(all.as_ref().is_some_and(|g| g.2), "{all:?}");
    let some = granted("GRANT ALL PRIVILEGES ON hr.people TO 'bob'@'%'");
    assert!(some.as_ref().is_some_and(|g| !g.2), "{some:?}");
}

#[test]
fn statements_that_are_handed_on_are_read() {
    for text in ["psql -c \"GRANT admin TO bob\"", "mysql -u root -e 'grant all on *.* to bob'"] {
        assert!(effects(script(CodeLanguage::Shell, text)).contains(&Kind::Grant), "{text}");
    }
    assert!(!effects(script(CodeLanguage::Shell, "logger \"grant admin to bob\"")).contains(&Kind::Grant));
    let query = map(vec![("body", map(vec![("query", Value::text("ALTER ROLE db_owner ADD MEMBER bob"))]))]);
    let step = operation("sql", "POST /v2/datasets/default,default/query/sql", query);
    assert!(kinds(Platform::LogicApps, step)[0].starts_with("grant"));
    let given = map(vec![("body", map(vec![("query", reference("query"))]))]);
    let step = operation("sql", "POST /v2/datasets/default,default/query/sql", given);
    assert!(kinds(Platform::LogicApps, step)[0].starts_with("code"));
}

#[test]
fn tables_of_salesforce_are_the_same_in_each_version() {
    for version in ["", "/v2", "/v3"] {
        let at = |method: &str, rest: &str, body| {
            let operation_of = format!("{method} {version}/datasets/default/tables/{rest}");
            let mut step = operation("salesforce", &operation_of, Value::Null);
            step.request = Some(workflow::Request { body, governed: true, ..workflow::Request::default() });
            kinds(Platform::LogicApps, step)
        };
        let off = map(vec![("IsActive", Value::Bool(false))]);
        assert_eq!(at("PATCH", "User/items/005", off), ["disable salesforce"], "{version}");
        let given = map(vec![("PermissionSetId", Value::text("0PS"))]);
        assert_eq!(at("POST", "PermissionSetAssignment/items", given), ["grant salesforce"], "{version}");
        assert_eq!(at("DELETE", "GroupMember/items/011", Value::Null), ["revoke salesforce"], "{version}");
    }
}
