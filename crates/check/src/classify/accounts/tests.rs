//! Tests of an application's own accounts: statements, scripts, names.

use super::statement::{self, Verb};
use super::{account, registry, words};
use crate::catalogue::verbs;
use workflow::Kind;

fn kinds(text: &str, secured: bool) -> Vec<Kind> {
    account(&statement::read(text)[0], || secured)
}

#[test]
fn statements_on_accounts_do_what_their_columns_say() {
    use Kind::{
        CreateIdentity, DeleteIdentity, Disable, Enable, Grant, IssueCredential, ResetCredential, Revoke,
        UpdateIdentity,
    };
    let cases: &[(&str, bool, &[Kind])] = &[
        (
            "INSERT INTO `club`.`users` (`name`, `password`) VALUES (?, ?)",
            false,
            &[CreateIdentity, IssueCredential],
        ),
        ("insert or ignore into users(mail, role) values ('{}', 'guest')", false, &[CreateIdentity, Grant]),
        ("INSERT INTO users VALUES ({})", true, &[CreateIdentity, IssueCredential]),
        ("INSERT INTO users (name, score) VALUES ('a', 1)", false, &[]),
        ("UPDATE users SET pwd = '{}', updated_at = now() WHERE id = {}", false, &[ResetCredential]),
        ("UPDATE users SET is_admin = 1 WHERE id = {}", false, &[Grant, Revoke]),
        ("UPDATE users SET active = 0 WHERE id = {}", true, &[Disable]),
        ("UPDATE users SET blocked = {} WHERE id = {}", true, &[Enable, Disable]),
        ("UPDATE users SET active = 0 WHERE id = {}", false, &[]),
        ("UPDATE users SET last_login = now() WHERE id = {}", true, &[]),
        ("UPDATE users SET department = 'it' WHERE id = {}", true, &[UpdateIdentity]),
        ("DELETE FROM users WHERE id = {}", true, &[DeleteIdentity]),
        ("DELETE FROM users WHERE id = {}", false, &[]),
    ];
    for (text, secured, wanted) in cases {
        assert_eq!(kinds(text, *secured), *wanted, "{text}");
    }
    assert!(statement::read("SELECT password FROM users").is_empty());
    let replaced = &statement::read("REPLACE INTO [dbo].[users] SET name = 'x'")[0];
    assert_eq!((replaced.verb, replaced.table.as_str(), replaced.sets.len()), (Verb::Insert, "users", 1));
}

#[test]
fn tables_count_by_the_word_that_says_what_they_hold() {
    for name in
        ["users", "app_users", "tbl_user", "userdata", "user_info", "LockUsers", "usuarios", "UserRegistry"]
    {
        assert!(words::keeps_accounts(name), "{name}");
    }
    for name in ["user_sessions", "userlog", "users_events", "orders", "username", "temperature", "data", ""]
    {
        assert!(!words::keeps_accounts(name), "{name}");
    }
    assert!(words::keeps_access("user_roles") && words::keeps_access("mosquitto_acl"));
    assert!(words::keeps_access("authorized_cards") && !words::keeps_access("roles"));
    assert!(!words::keeps_access("access_log") && !words::keeps_access("cards"));
    assert!(words::keeps_several("UserRegistry") && !words::keeps_several("user"));
    for column in ["password", "user_pwd", "passwordHash", "pin_code", "rfid_uid", "PIN"] {
        assert!(words::is_credential(column), "{column}");
    }
    for column in ["ping", "opinion", "compass", "password_changed", "uid"] {
        assert!(!words::is_credential(column), "{column}");
    }
}

#[test]
fn what_is_written_inside_a_with_is_seen() {
    let inside = "WITH gone AS (DELETE FROM users WHERE id = 1 RETURNING id) SELECT * FROM gone";
    let after = "with one as (select id from staff) update users set role = 'admin' from one";
    let both =
        "with gone as (delete from users returning id) insert into user_roles (id) select id from gone";
    let tables = |text| statement::read(text).into_iter().map(|c| c.table).collect::<Vec<_>>();
    assert_eq!(tables(inside), ["users"]);
    assert_eq!(tables(both), ["users", "user_roles"]);
    assert_eq!(kinds(after, false), [Kind::Grant, Kind::Revoke]);
    for (text, kind) in [
        (inside, Some(Kind::Write)),
        (after, Some(Kind::Write)),
        ("with deleted as (select 1 from gone) select * from deleted", Some(Kind::Read)),
        ("SET NAMES utf8", Some(Kind::Read)),
        ("SET GLOBAL validate_password.policy = 0", None),
    ] {
        assert_eq!(verbs::sql(text), kind, "{text}");
    }
}

#[test]
fn a_script_changes_accounts_that_it_gets_from_a_variable() {
    let made = "let users = flow.get('users') || [];\nusers.push({name: msg.payload.name, password: hash, role: 'a'});";
    assert_eq!(registry::changes(made), [Kind::Grant, Kind::CreateIdentity, Kind::IssueCredential]);
    let gone = "var r = global.get(\"UserRegistry\");\ndelete r[msg.payload];";
    assert_eq!(registry::changes(gone), [Kind::DeleteIdentity]);
    let set = "const all = flow.get('accounts');\nconst one = all.find(a => a.id === 1);\none.roles = ['x'];\none.password = 'y';";
    assert_eq!(registry::changes(set), [Kind::Grant, Kind::Revoke, Kind::ResetCredential]);
    let back = "let r = flow.get('users');\nlet one = r[1];\none.passwordDeadline = 1;\nr[1] = one;";
    assert_eq!(registry::changes(back), [Kind::UpdateIdentity]);
    for reads in [
        "let users = flow.get('users');\nif (users[1].password === msg.payload) { return msg; }",
        "let user = flow.get('user');\nuser.page = 1;",
        "let lamps = flow.get('lamps');\nlamps.push(1);\ndelete lamps[0];",
        "// users = flow.get('users'); delete users[1]",
        "let users = flow.get('users');\nlet u = users[1];\nif (u.password === given) { u.password = given; }",
    ] {
        assert_eq!(registry::changes(reads), [], "{reads}");
    }
    assert!(registry::names_credential("x = user.password") && registry::names_credential("{ pin: 1 }"));
    assert!(!registry::names_credential("say('password')") && !registry::names_credential("let pin = 1"));
}

/// What the nodes of flows do that do more than move a message, by their ids.
fn does(nodes: &[&str]) -> Vec<String> {
    let text = format!("[{}]", nodes.join(","));
    let imported = import::import("flows.json", text.as_bytes(), &import::NoFiles);
    let import::Verdict::Workflows(mut workflows) = imported.verdict else { return Vec::new() };
    crate::classify::classify_all(&mut workflows);
    let steps = workflows.iter().flat_map(|w| &w.steps);
    let said = steps.flat_map(|s| s.effects.iter().map(move |e| (s, e.kind)));
    let told = said.filter(|(_, kind)| !matches!(kind, Kind::Control | Kind::Call));
    told.map(|(s, kind)| format!("{} {kind}", s.id)).collect()
}

/// A webhook with a function behind it, which leads to `next`.
fn asked(function: &str, next: &str) -> [String; 2] {
    let web = r#"{"id": "h", "type": "http in", "z": "t", "x": 1, "y": 1, "method": "post", "url": "/a", "wires": [["f"]]}"#;
    let text = format!(
        r#"{{"id": "f", "type": "function", "z": "t", "x": 1, "y": 1, "func": "{function}", "outputs": 1, "wires": [["{next}"]]}}"#
    );
    [web.to_owned(), text]
}

const STORE: &str = r#"{"id": "m", "type": "mongodb out", "z": "t2", "x": 1, "y": 1, "operation": "OPERATION", "collection": "COLLECTION", "wires": []}"#;

fn stored(operation: &str, collection: &str) -> String {
    STORE.replace("OPERATION", operation).replace("COLLECTION", collection)
}

#[test]
fn a_store_takes_the_collection_and_whose_document_it_is_from_the_message() {
    let set = |function: &str, operation: &str| {
        let [web, function] = asked(function, "m");
        does(&[&web, &function, &stored(operation, "").replace("t2", "t")])
    };
    let made = "msg.collection = 'admins'; msg.payload = {email: msg.payload.e, password: msg.payload.p}; return msg;";
    assert_eq!(set(made, "insert"), ["m create-identity", "m issue-credential", "m write"]);
    let changed = |to: &str| {
        format!(
            "msg.collection = 'admins'; msg.query = {{_id: msg.payload.id}}; msg.payload = {{$set: {to}}}; return msg;"
        )
    };
    let one = |to: &str| set(&changed(to), "update");
    assert_eq!(one("{active: true, pin: 1}"), ["m enable", "m reset-credential", "m write"]);
    assert_eq!(one("{deleted: true, pin: 1}"), ["m disable", "m reset-credential", "m write"]);
    assert_eq!(
        one("{active: msg.payload.on, pin: 1}"),
        ["m enable", "m disable", "m reset-credential", "m write"]
    );
    let logged = "msg.collection = 'log'; msg.payload = {password: 1}; return msg;";
    assert_eq!(set(logged, "insert"), ["m write"]);
}

#[test]
fn a_record_that_a_variable_kept_is_no_new_account() {
    let back = "let one = global.get('one'); one.password = msg.payload.p; msg.payload = one; return msg;";
    let [web, function] = asked(back, "m");
    let store = r#"{"id": "m", "type": "firebase out", "z": "t", "x": 1, "y": 1, "operation": "set", "ref": "Users/one", "wires": []}"#;
    assert_eq!(does(&[&web, &function, store]), ["m reset-credential", "m write"]);
}

const CALL: &str = r#"{"id": "c", "type": "link call", "z": "t", "x": 1, "y": 1, "links": ["l"], "linkType": "static", "wires": [[]]}"#;
const LINK: &str = r#"{"id": "l", "type": "link in", "z": "t2", "x": 1, "y": 1, "wires": [["m"]]}"#;

#[test]
fn a_called_part_does_what_its_callers_hand_it() {
    let called = |function: &str, operation: &str, collection: &str| {
        let [web, function] = asked(function, "c");
        does(&[&web, &function, CALL, LINK, &stored(operation, collection)])
    };
    let made = "msg.collection = 'admins'; msg.payload = {email: msg.payload.e, password: msg.payload.p}; return msg;";
    let kinds = ["m create-identity", "m issue-credential", "m write"];
    assert_eq!(called(made, "insert", ""), kinds);
    assert_eq!(called(made, "insert", "admins"), kinds);
    let gone =
        "let secret = {pin: 1}; msg.collection = 'admins'; msg.payload = {_id: msg.payload.id}; return msg;";
    assert_eq!(called(gone, "delete", ""), ["m delete-identity", "m write"]);
    assert_eq!(
        called("msg.collection = 'log'; msg.payload = {pin: 1}; return msg;", "insert", ""),
        ["m write"]
    );
    // What the caller does not show may be anything.
    assert_eq!(called("return msg;", "insert", ""), ["m write", "m opaque"]);
    assert_eq!(called("return msg;", "insert", "admins"), ["m write", "m opaque"]);
    assert_eq!(called("return msg;", "insert", "log"), ["m write"]);
    assert_eq!(does(&[LINK, CALL, &stored("insert", "")]), ["m write", "m opaque"]);
}

#[test]
fn a_subflow_runs_the_statement_that_it_is_handed() {
    let insert = "msg.topic = `INSERT INTO users (name, password) VALUES ('${msg.payload.u}', '${msg.payload.p}')`; return msg;";
    let select = "msg.topic = 'SELECT name FROM users'; return msg;";
    let sub =
        r#"{"id": "S", "type": "subflow", "name": "query", "in": [{"wires": [{"id": "q"}]}], "out": []}"#;
    let query = r#"{"id": "q", "type": "mysql", "z": "S", "x": 1, "y": 1, "wires": [[]]}"#;
    let used = r#"{"id": "s", "type": "subflow:S", "z": "t", "x": 1, "y": 1, "wires": [[]]}"#;
    let [web, function] = asked(insert, "s");
    assert_eq!(
        does(&[&web, &function, used, sub, query]),
        ["q create-identity", "q issue-credential", "q write"]
    );
    let other = function.replace(r#""f""#, r#""g""#).replace(insert, select).replace(r#"["s"]"#, r#"["u"]"#);
    let again = used.replace(r#""s""#, r#""u""#);
    let both = does(&[&web, &function, used, &other, &again, sub, query]);
    assert_eq!(both, ["q create-identity", "q issue-credential", "q write", "q read"]);
    // One more caller that shows nothing: then it may be anything too.
    let unknown =
        function.replace(r#""f""#, r#""g""#).replace(insert, "return msg;").replace(r#"["s"]"#, r#"["u"]"#);
    assert!(does(&[&web, &function, used, &unknown, &again, sub, query]).contains(&"q code".to_owned()));
}

#[test]
fn a_password_in_a_variable_is_set_where_a_script_asks_for_it() {
    let run = |asks: &str| {
        let [web, function] = asked("global.set('pass', msg.payload.Password);", "g");
        let second = asked(asks, "").map(|node| node.replace(r#""f""#, r#""g""#));
        does(&[&web, &function, &second[1]])
    };
    assert_eq!(
        run("if (global.get('pass') == msg.payload.Password) { return msg; }"),
        ["f reset-credential"]
    );
    assert_eq!(
        run("const p = global.get('pass'); if (msg.payload !== p) { return msg; }"),
        ["f reset-credential"]
    );
    assert!(run("msg.payload = global.get('pass'); return msg;").is_empty());
}

#[test]
fn a_registry_that_a_script_only_sets_has_accounts_too() {
    let made = "let all = {}; all[msg.payload.id] = {roles: ['a'], salt: msg.salt, hash: msg.hash}; global.set('UserRegistry', all); return msg;";
    let [web, function] = asked(made, "");
    assert_eq!(does(&[&web, &function]), ["f grant", "f create-identity", "f issue-credential"]);
    assert!(registry::names_credential("{ Salt: a, Hash: b }") && !registry::names_credential("{ hash: b }"));
}
