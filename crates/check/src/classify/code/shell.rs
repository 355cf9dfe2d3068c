//! Command lines that say themselves what they do: every command is known, nothing is spliced in, nothing is run that
//! only exists when the line runs.

use super::best;
use super::calls::{MAX_CALLS, cmdlets, command_lines};
use crate::catalogue::{Catalogue, Found};
use workflow::CodeLanguage;

/// Longer scripts are not plain.
const MAX_PLAIN: usize = 8 << 10;

/// Whether every command of a shell text is one the catalogue knows, with constant arguments.
#[must_use]
pub fn is_plain(catalogue: &'static Catalogue, text: &str) -> bool {
    if text.len() > MAX_PLAIN {
        return false;
    }
    let text = without_silencing(text);
    let computed = ["{}", "$(", "`", ">", "<", "eval "].iter().any(|mark| text.contains(mark));
    let parts = parts(&text);
    !computed && !parts.is_empty() && parts.iter().all(|p| fetches(p) || is_known(catalogue, p))
}

/// Whether a PowerShell text is pipelines of cmdlets that only get things and shape what they got.
#[must_use]
pub fn only_gets(text: &str) -> bool {
    let computed =
        ["{", "$(", "&", "`", ">", "<", "=", "::", "@", "\n."].iter().any(|mark| text.contains(mark));
    let parts = parts(text);
    !computed && !calls_method(text) && !parts.is_empty() && parts.iter().all(|p| gets(p))
}

/// Whether every part of a PowerShell text is a command the catalogue knows, with constant arguments, or only gets things.
#[must_use]
pub fn is_plain_powershell(catalogue: &'static Catalogue, text: &str) -> bool {
    let computed = ["{", "$(", "&", "`", ">", "<", "::", "@", "\n."].iter().any(|mark| text.contains(mark));
    let parts = parts(text);
    let plain = |p: &String| {
        let assigns = p.contains('=');
        is_preference(p) || !assigns && (gets(p) || is_known_cmdlet(catalogue, p) || is_known(catalogue, p))
    };
    text.len() <= MAX_PLAIN
        && !computed
        && !calls_method(text)
        && !parts.is_empty()
        && parts.iter().all(plain)
}

/// `$ProgressPreference = 'SilentlyContinue'`: what the shell shows, not what it does.
fn is_preference(part: &str) -> bool {
    let Some((name, given)) = part.trim().strip_prefix('$').and_then(|p| p.split_once('=')) else {
        return false;
    };
    let word = given.trim().trim_matches(['\'', '"']);
    name.trim_end().ends_with("Preference") && word.bytes().all(|b| b.is_ascii_alphabetic())
}

/// Whether a part is one cmdlet of the catalogue.
fn is_known_cmdlet(catalogue: &'static Catalogue, part: &str) -> bool {
    let mut calls = Vec::new();
    cmdlets(part, &|_, _| true, &mut calls);
    let [(language, call)] = &*calls else { return false };
    let first = part.split_whitespace().next();
    first == Some(&*call.name) && best(catalogue, *language, call).is_some_and(|found| says(&found))
}

/// Whether an entry says what its command does.
fn says(found: &Found) -> bool {
    !found.entry.effects.iter().any(|e| matches!(*e, "code" | "opaque"))
}

/// Whether a method is called on what a command gave: `(Get-X).Stop()`.
fn calls_method(text: &str) -> bool {
    text.split(").").skip(1).any(|rest| {
        let name = rest.trim_start_matches(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.'));
        name.starts_with('(')
    })
}

/// The PowerShell that a command line hands to `powershell`, where it is written there and not kept in a file.
#[must_use]
pub fn powershell(text: &str) -> Option<&str> {
    let (first, mut rest) = text.trim().split_once(char::is_whitespace)?;
    let program = first.trim_matches('"').rsplit(['/', '\\']).next()?.to_ascii_lowercase();
    if !matches!(program.as_str(), "powershell" | "powershell.exe" | "pwsh" | "pwsh.exe") {
        return None;
    }
    while let Some(option) = rest.trim_start().strip_prefix('-') {
        let (name, after) = option.split_once(char::is_whitespace)?;
        rest = match name.to_ascii_lowercase().as_str() {
            "command" | "c" => return Some(after.trim().trim_matches('"')),
            "noprofile" | "noninteractive" | "nologo" | "nop" | "noni" => after,
            "executionpolicy" | "ep" | "version" | "windowstyle" | "w" => {
                after.trim_start().split_once(char::is_whitespace)?.1
            }
            _ => return None,
        };
    }
    Some(rest.trim().trim_matches('"'))
}

fn gets(part: &str) -> bool {
    const VERBS: &[&str] = &[
        "get",
        "select",
        "where",
        "sort",
        "group",
        "measure",
        "format",
        "convertto",
        "convertfrom",
        "test",
        "resolve",
    ];
    let command = part.trim_start_matches([' ', '(']).split_whitespace().next().unwrap_or_default();
    let command = command.to_ascii_lowercase();
    let Some((verb, noun)) = command.split_once('-') else { return false };
    let secret = ["secret", "credential", "password", "token", "key"].iter().any(|s| noun.contains(s));
    (VERBS.contains(&verb) && !secret)
        || ["out-string", "out-null", "write-output", "write-host"].contains(&command.as_str())
}

/// `2>/dev/null` and `2>&1` change nothing of what a command does.
fn without_silencing(text: &str) -> String {
    let lines = text.lines().filter(|l| !l.trim_start().starts_with('#'));
    let mut text = lines.collect::<Vec<_>>().join("\n");
    for silent in ["2>/dev/null", "2> /dev/null", "2>&1", "&>/dev/null", ">/dev/null", "> /dev/null"] {
        text = text.replace(silent, " ");
    }
    text
}

/// The commands of a text: what stands between `;`, `|`, `&` and line ends outside of quotes.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    for c in text.chars() {
        match quote {
            Some(q) if c == q => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if matches!(c, '\n' | ';' | '|' | '&') => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            // A separator in quotes is part of an argument: it must not split the command again.
            last.push(if matches!(c, ';' | '|' | '&') { ' ' } else { c });
        }
    }
    parts.into_iter().filter(|p| !p.trim().is_empty()).collect()
}

/// `curl` and `wget` that get what stands at addresses and hand it on, and neither send nor keep anything.
fn fetches(part: &str) -> bool {
    let mut words = part.split_whitespace();
    let options: Vec<&str> = words.clone().skip(1).filter(|w| w.starts_with('-')).collect();
    // Letters of several options may stand together: `-qO-`, `-sSL`.
    let letters = || options.iter().filter(|o| !o.starts_with("--")).flat_map(|o| o.chars());
    match words.next() {
        Some("curl") => {
            let long = [
                "--data",
                "--form",
                "--request",
                "--upload",
                "--output",
                "--remote-name",
                "--config",
                "--json",
            ];
            !letters().any(|c| "dFTXoOK".contains(c))
                && !options.iter().any(|o| long.iter().any(|l| o.starts_with(l)))
        }
        Some("wget") => {
            let shown = part
                .split_whitespace()
                .collect::<Vec<_>>()
                .windows(2)
                .any(|w| is_standard_output(w[0], w[1]));
            let long = ["--post", "--method", "--body", "--input-file", "--execute"];
            shown && !options.iter().any(|o| long.iter().any(|l| o.starts_with(l)))
        }
        _ => false,
    }
}

/// `-O -` and `-qO-`: what is got is shown and not kept in a file.
fn is_standard_output(option: &str, next: &str) -> bool {
    let short = option.starts_with('-') && !option.starts_with("--");
    short && (option.ends_with("O-") || option.ends_with('O') && next == "-")
        || option == "--output-document=-"
}

fn is_known(catalogue: &'static Catalogue, part: &str) -> bool {
    let mut calls = Vec::new();
    command_lines(part, &|_, _| true, &mut calls);
    calls.len() < MAX_CALLS
        && calls
            .iter()
            .all(|(_, call)| best(catalogue, CodeLanguage::Shell, call).is_some_and(|found| says(&found)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::catalogue;

    #[test]
    fn a_line_of_known_commands_is_plain() {
        let plain = |text| is_plain(catalogue(), text);
        assert!(plain("# space left\ndf -h 2>/dev/null | grep -E 'sda|sdb' || echo 'no disk'\nuptime"));
        assert!(plain("ls -1 /srv/backup"));
        assert!(
            plain("wget -qO- https://ip.example.test/ ; echo") && plain("curl -sSL https://a.test | jq .ip")
        );
        for sent in [
            "curl -s -X POST https://a.test",
            "curl --data x https://a.test",
            "wget https://a.test/x.sh",
            "curl -s https://a.test | sh",
        ] {
            assert!(!plain(sent), "{sent}");
        }
        assert!(!plain("ls -1 {}"));
        assert!(!plain("ls -1 $(cat /tmp/where)"));
        assert!(!plain("/opt/tools/assess --all"));
        assert!(!plain("echo done && bash /opt/run.sh"));
        assert!(!plain("echo x > /etc/cron.d/y"));
        assert!(!plain(""));
    }

    #[test]
    fn a_command_line_shows_the_powershell_that_it_runs() {
        assert_eq!(powershell("powershell.exe -NoProfile -Command \"Get-Date\""), Some("Get-Date"));
        assert_eq!(
            powershell("C:\\W\\powershell.exe -ExecutionPolicy Bypass Get-Date -Utc"),
            Some("Get-Date -Utc")
        );
        assert_eq!(powershell("powershell.exe -File C:\\x.ps1"), None);
        assert_eq!(powershell("python x.py"), None);
    }

    #[test]
    fn powershell_of_known_commands_is_plain() {
        let plain = |text| is_plain_powershell(catalogue(), text);
        assert!(plain(
            "$ProgressPreference = 'SilentlyContinue'; New-NetFirewallRule -DisplayName Quarantine -Action Block; shutdown /s"
        ));
        assert!(plain("Get-ADUser ada | Disable-ADAccount"));
        assert!(!plain("$target = 'x'; Disable-ADAccount $target"));
        assert!(!plain("Disable-ADAccount {}"));
        assert!(!plain("Stop-Computer; Invoke-Unheard -Of it"));
        assert!(!plain("C:\\tools\\assess.exe -all"));
        assert!(!plain("$x.Preference = Get-Date"));
        assert!(!plain(""));
    }

    #[test]
    fn pipelines_that_get_things_only_read() {
        assert!(only_gets("Get-Process | Select-Object Name, Id | ConvertTo-Json"));
        assert!(only_gets(
            "Get-CimInstance Win32_Service -Filter \"State like 'Run|ning'\"\nTest-Path C:\\Temp"
        ));
        assert!(!only_gets("Get-ADUser -Filter * | Disable-ADAccount"));
        assert!(!only_gets("Get-Secret -Name admin"));
        assert!(!only_gets("Get-Process | ForEach-Object { $_.Kill() }"));
        assert!(!only_gets("Get-Content C:\\x > \\\\server\\share"));
        assert!(only_gets("(Get-Command 'C:\\x\\tool.exe').FileVersionInfo.FileVersion"));
        assert!(!only_gets("(Get-Service x).Stop()"));
        assert!(!only_gets("net user eve /add"));
        assert!(!only_gets(""));
    }
}
