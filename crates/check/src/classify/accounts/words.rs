//! Words of tables and columns in which applications keep their own accounts, in the languages that such tables are named in.

use crate::catalogue::verbs;

/// So much of a name is read.
const MOST_BYTES: usize = 128;

/// Who has an account.
const PEOPLE: &[&str] = &[
    "user",
    "users",
    "account",
    "accounts",
    "login",
    "logins",
    "admin",
    "admins",
    "administrator",
    "administrators",
    "operator",
    "operators",
    "member",
    "members",
    "credential",
    "credentials",
    "usuario",
    "usuarios",
    "usuário",
    "usuários",
    "utilisateur",
    "utilisateurs",
    "benutzer",
    "utente",
    "utenti",
    "gebruiker",
    "gebruikers",
    "pengguna",
    "bruker",
    "brukere",
    "bruger",
    "kullanici",
    "kullanicilar",
    "uzytkownicy",
    "registereduser",
    "registeredusers",
    "userregistry",
    "lockuser",
    "lockusers",
    "appuser",
    "appusers",
    "loginuser",
    "loginusers",
    "userlogin",
    "userlogins",
    "useraccount",
    "useraccounts",
];

/// Words that say no more than that there is a table.
const PLAIN: &[&str] = &[
    "data",
    "info",
    "table",
    "tbl",
    "tb",
    "list",
    "registry",
    "detail",
    "details",
    "db",
    "t",
    "record",
    "records",
    "store",
    "array",
    "collection",
    "map",
];

/// Whether a table, a collection or a variable keeps accounts by its name: its last word that says something.
pub(super) fn keeps_accounts(name: &str) -> bool {
    let words = words(name);
    words.iter().rev().find(|w| !PLAIN.contains(&w.as_str())).is_some_and(|w| is_people(w))
}

fn is_people(word: &str) -> bool {
    let bare = PLAIN.iter().find_map(|p| word.strip_suffix(p).filter(|rest| rest.len() > 3)).unwrap_or(word);
    PEOPLE.contains(&word) || PEOPLE.contains(&bare)
}

/// Whether a variable keeps several accounts by its name, and not only that of who is signed in.
pub(super) fn keeps_several(name: &str) -> bool {
    let words = words(name);
    let many = |w: &String| w.ends_with('s') || w.ends_with("registry") || PLAIN.contains(&w.as_str());
    keeps_accounts(name) && words.last().is_some_and(many)
}

/// Whether a table says who has which role, or what they may do.
pub(super) fn keeps_access(name: &str) -> bool {
    let words = words(name);
    let is = |list: &[&str]| words.iter().any(|w| list.contains(&w.as_str()));
    let last = words.last().map_or("", String::as_str);
    let whose = words.len() > 1 && words.iter().any(|w| PEOPLE.contains(&w.as_str()));
    let holds =
        ["role", "roles", "group", "groups", "permission", "permissions", "privileges", "access", "rights"];
    (whose && holds.contains(&last))
        || ["acl", "acls", "whitelist", "allowlist"].contains(&last)
        || is(&["authorized", "authorised", "allowed"])
            && is(&[
                "card",
                "cards",
                "tag",
                "tags",
                "rfid",
                "uid",
                "uids",
                "users",
                "user",
                "people",
                "faces",
                "fingerprints",
            ])
}

/// Whether a column holds what somebody proves himself with.
pub(super) fn is_credential(column: &str) -> bool {
    let words = words(column);
    let last = words.last().map_or("", String::as_str);
    let any = [
        "password",
        "passwd",
        "pwd",
        "passcode",
        "passhash",
        "passwordhash",
        "passphrase",
        "pincode",
        "contrasena",
        "contraseña",
        "senha",
        "mdp",
        "motdepasse",
        "passwort",
        "kennwort",
        "wachtwoord",
        "haslo",
        "passord",
        "rfid",
        "fingerprint",
        "usercode",
    ];
    words.iter().any(|w| any.contains(&w.as_str()))
        && !matches!(
            last,
            "reset"
                | "length"
                | "attempts"
                | "changed"
                | "at"
                | "deadline"
                | "token"
                | "hint"
                | "expires"
                | "date"
        )
        || matches!(last, "pass" | "pin" | "pw")
        || any.contains(&words.concat().as_str())
}

/// Whether columns hold what somebody proves himself with: one that does, or a salt and a hash.
pub(super) fn hold_credential<'n>(columns: impl Iterator<Item = &'n str> + Clone) -> bool {
    let has = |word: &str| columns.clone().any(|c| words(c).iter().any(|w| w == word));
    columns.clone().any(is_credential) || has("salt") && has("hash")
}

/// Whether a column says what an account may do.
pub(super) fn is_access(column: &str) -> bool {
    let words = words(column);
    let all = words.concat();
    let known = [
        "role",
        "roles",
        "roleid",
        "isadmin",
        "admin",
        "permission",
        "permissions",
        "privilege",
        "privileges",
        "accesslevel",
        "userlevel",
        "usertype",
        "userrole",
        "usergroup",
        "groupid",
        "issuperuser",
        "superuser",
        "isstaff",
        "authorized",
        "authorised",
        "allowed",
        "accessgranted",
        "rol",
        "rolid",
        "idrol",
        "perfil",
    ];
    known.contains(&all.as_str())
}

/// Whether a column switches an account on or off, and by which value.
pub(super) fn switch(column: &str) -> Option<bool> {
    let all = words(column).concat();
    match all.as_str() {
        "active" | "isactive" | "enabled" | "isenabled" | "activo" | "ativo" => Some(true),
        "disabled" | "isdisabled" | "blocked" | "isblocked" | "banned" | "isbanned" | "locked"
        | "islocked" | "suspended" | "accountlocked" | "deleted" | "isdeleted" | "archived"
        | "isarchived" => Some(false),
        _ => None,
    }
}

/// Whether a column only says when somebody was there, or holds a session.
pub(super) fn is_bookkeeping(column: &str) -> bool {
    let words = words(column);
    words.iter().any(|w| {
        let plain = [
            "last",
            "login",
            "seen",
            "session",
            "token",
            "updated",
            "updatedby",
            "attempts",
            "online",
            "status",
            "count",
            "state",
            "visited",
            "time",
            "timestamp",
            "at",
            "logged",
            "otp",
            "code",
            "ip",
            "lastlogin",
            "lastseen",
            // Parts of what a password is kept as.
            "hash",
            "salt",
        ];
        plain.contains(&w.as_str())
    })
}

/// The words of a name in lower case, which capitals, digits or signs set apart; of a long name, of its beginning.
pub(super) fn words(name: &str) -> Vec<String> {
    verbs::words(&name[..name.floor_char_boundary(MOST_BYTES)], char::is_alphabetic)
}
