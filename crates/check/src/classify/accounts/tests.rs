//! Tests of an application's own accounts: statements, scripts, names.

use super::statement::{self, Verb};
use super::{account, registry, words};
use crate::classify::verbs;
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
