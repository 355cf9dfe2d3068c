//! Who has a part in what, by histories that git itself makes.

use super::History;
use std::path::PathBuf;
use std::process::Command;

/// A repository that is gone after the test.
struct Repository(PathBuf);

impl Drop for Repository {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Repository {
    /// Runs a script in a new repository: `by NAME` commits everything.
    fn of(name: &str, script: &str) -> Repository {
        let folder = std::env::temp_dir().join(format!("countersign-git-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let repository = Repository(folder);
        repository.run(&format!(
            "git init -q -b main; git config user.name me; git config user.email me@x; {script}"
        ));
        repository
    }

    fn run(&self, script: &str) {
        let words = "set -e; by() { git add -A; git -c user.name=$1 -c user.email=$1@x commit -q -m change; }; \
                     merge() { git -c user.name=$1 -c user.email=$1@x merge -q --no-ff -m merge $2; }; ";
        let done = Command::new("sh").args(["-c", &format!("{words}{script}")]).current_dir(&self.0).status();
        assert!(done.unwrap().success(), "{script}");
    }

    /// The names of those who have a part in a file since a tag.
    fn who(&self, file: &str, since: &str) -> String {
        let tag = super::git(&self.0, &["rev-parse", "-q", "--verify", since]).unwrap_or_default();
        let touched = History::read(&self.0).unwrap().touched(&[file.to_owned()], tag.trim(), None);
        let mut names: Vec<&str> = touched.by.iter().map(|c| c.account.trim_end_matches("@x")).collect();
        names.dedup();
        names.join(" ")
    }
}

const LINES: &str = "for i in 1 2 3 4 5 6 7 8; do echo line $i >> a; done; by ann; git tag base; ";

#[test]
fn a_repository_that_git_cannot_read_is_not_an_empty_history() {
    let folder = std::env::temp_dir().join(format!("countersign-git-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    assert!(History::read(&folder).unwrap().head.is_empty());
    std::fs::write(folder.join(".git"), "gitdir: gone\n").unwrap();
    let told = History::read(&folder).unwrap_err().to_string();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(told.starts_with("git cannot say who changed what: "), "{told}");
}

#[test]
fn a_file_is_followed_to_where_it_was() {
    let git =
        Repository::of("moved", &format!("{LINES} echo bo >> a; by bo; git mv a b; echo cy >> b; by cy"));
    assert_eq!((git.who("b", "none"), git.who("b", "base")), ("ann bo cy".into(), "bo cy".into()));
    // A copy has the authors of what was copied, and not those who went on with the other.
    git.run("cp b c; by dan; echo eve >> b; by eve");
    assert_eq!((git.who("c", "base"), git.who("b", "base")), ("bo cy dan".into(), "bo cy eve".into()));
    // What takes the place of a file is followed to its beginning; an empty file comes from nowhere.
    git.run("git tag later; cp b kept; git mv -f c b; by fay; : > empty; by gil; : > void; by hal");
    assert_eq!((git.who("b", "later"), git.who("void", "later")), ("ann bo cy dan fay".into(), "hal".into()));
}

#[test]
fn what_is_brought_back_is_the_work_of_who_brought_it_first() {
    let there =
        "echo pri >> a; by pri; git checkout -q base -- a; by bo; git tag later; echo x > x; by dan; ";
    let git = Repository::of("back", &format!("{LINES} {there} echo pri >> a; by cy"));
    assert_eq!(git.who("a", "later"), "cy pri");
    // What was there at the beginning is nobody's change.
    let same = Repository::of(
        "same",
        &format!("{LINES} {there} echo eve >> a; by eve; git checkout -q base -- a; by cy"),
    );
    assert_eq!(same.who("a", "later"), "cy eve");
}

#[test]
fn what_lies_elsewhere_is_somebodys() {
    let git = Repository::of(
        "elsewhere",
        &format!(
            "{LINES} git init -q sub; echo w > sub/w; (cd sub && git add -A && git -c user.name=z -c user.email=z@x commit -q -m z); \
             git -c advice.addEmbeddedRepo=false add -A; echo ignored > .gitignore; echo w > ignored; echo w > sub/v; by bo"
        ),
    );
    // Where a submodule took the place of files, their history is not that of what lies there.
    git.run("mkdir was; echo w > was/w; by bo; rm -r was; mv sub was; by bo");
    let history = History::read(&git.0).unwrap();
    let who = |file: &str| history.authors(&[file.to_owned()], "", None).by;
    for file in ["was/w", "was/v", "ignored"] {
        assert_eq!(who(file).first().map(|c| c.account.as_str()), Some("(unknown)"), "{file}");
    }
    assert_eq!(who("was/w")[0].how, "no commit here has `was/w`");
    git.run("echo newer > newer");
    assert_eq!(History::read(&git.0).unwrap().authors(&["newer".to_owned()], "", None).by[0].account, "me@x");
    // What an archive holds is touched as the archive is.
    assert_eq!(who("a/in/it.json").iter().map(|c| c.account.as_str()).collect::<Vec<_>>(), ["ann@x"]);
}

#[test]
fn what_was_released_was_settled_when_it_was_signed() {
    let git = Repository::of(
        "settled",
        &format!(
            "{LINES} git checkout -q -b side; echo bo >> a; by bo; git checkout -q -b other; echo '#' >> a; by eve; \
             git checkout -q side; echo s > s; by cy; echo dan >> a; by dan; git checkout -q main; merge fay side; \
             merge gil '-s ours other'"
        ),
    );
    let who = |statement: &str| {
        let base = super::git(&git.0, &["rev-parse", "base"]).unwrap();
        let touched = History::read(&git.0).unwrap().settled(&["a".to_owned()], base.trim(), statement);
        touched.by.into_iter().map(|c| c.account).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(who("s"), "bo@x eve@x");
    // A statement that nobody has committed is later than everything.
    assert_eq!(who("gone"), "bo@x dan@x eve@x gil@x");
    let squashed = Repository::of("squashed", &format!("{LINES} echo bo >> a; echo s > s; by fay"));
    let base = super::git(&squashed.0, &["rev-parse", "base"]).unwrap();
    assert_eq!(History::read(&squashed.0).unwrap().settled(&["a".to_owned()], base.trim(), "s").by, []);
}

#[test]
fn a_release_begins_with_a_commit_that_was_there_when_it_was_signed() {
    let git = Repository::of(
        "begins",
        &format!(
            "{LINES} git checkout -q -b side; echo bo >> a; by bo; git tag side-tip; git checkout -q main; echo s > s; by cy; \
             merge dan side; echo eve >> a; by eve; git tag later; echo t > t; by eve"
        ),
    );
    let history = History::read(&git.0).unwrap();
    let begins = |tag: &str, statement: &str| {
        let commit = super::git(&git.0, &["rev-parse", tag]).unwrap();
        history.begins(&["a".to_owned()], commit.trim(), statement)
    };
    assert!(begins("base", "s") && begins("later", "t") && begins("later", "uncommitted"));
    // Neither what was merged after the statement came, nor what was touched before it came, is what was released.
    assert!(!begins("side-tip", "s") && !begins("side-tip", "t") && !begins("base", "t"));
    assert!(!history.begins(&["a".to_owned()], "gone", "s"));
}

#[test]
fn the_commit_that_a_statement_names_is_believed_where_it_has_what_was_there() {
    let git = Repository::of(
        "holds",
        &format!(
            "{LINES} echo bo >> a; by bo; git tag seen; echo s > s; by cy; echo eve >> a; by eve; git checkout -q -b side base; echo x > x; by dan; git tag side-tip; git checkout -q main"
        ),
    );
    let history = History::read(&git.0).unwrap();
    let commit = |tag: &str| super::git(&git.0, &["rev-parse", tag]).unwrap().trim().to_owned();
    let [base, seen, head, side] = ["base", "seen", "HEAD", "side-tip"].map(commit);
    let files = ["a".to_owned()];
    let holds = |commit: &str, statement: &str| history.holds(&files, commit, statement);
    assert!(holds(&seen, "s") && !holds(&base, "s") && !holds(&side, "s"));
    // What no commit has is about what is checked out.
    assert!(holds(&head, "new") && !holds(&seen, "new") && !holds("HEAD", "new"));
    // A release that names a later commit than those who approved it begins with theirs.
    let agreed = |others: &[&str]| history.agreed(&files, &head, others.iter().copied()).map(str::to_owned);
    assert_eq!(agreed(&[&head, "gone"]), Some(head.clone()));
    assert_eq!(agreed(&[&seen]), Some(seen.clone()));
    assert_eq!(agreed(&[&seen, &base]), Some(base.clone()));
    git.run("git merge -q --no-ff -m merge side");
    let merged = History::read(&git.0).unwrap();
    assert_eq!(merged.agreed(&files, &head, [side.as_str()].into_iter()), None);
}

#[test]
fn what_is_not_known_of_a_repository_is_not_taken_for_known() {
    let git = Repository::of(
        "unknown",
        "git config user.email ''; echo base > f; git add f; git -c user.email=ann@x commit -q -m f; mkdir part; echo f > part/f; git add part; git -c user.email=ann@x commit -q -m g; echo more >> f",
    );
    assert_eq!(git.who("f", "none"), "(unknown) ann");
    // What lies outside is not what has its name inside.
    let outside = format!("../{}-f", git.0.file_name().unwrap().to_string_lossy());
    std::fs::write(git.0.join(&outside), "f").unwrap();
    let history = History::read(&git.0.join("part")).unwrap();
    let elsewhere = |file: &str| history.elsewhere(&[file.to_owned()]).is_some();
    assert!(elsewhere(&format!("../{outside}")) && elsewhere("/etc/hosts"));
    assert!(!elsewhere("../part/f") && !elsewhere("f") && !elsewhere("../f"));
    std::fs::remove_file(git.0.join(&outside)).unwrap();
    assert!(History::read(&git.0).unwrap().is_checked_out("part"));
    git.run("git rm -q part/f; git -c user.email=ann@x commit -q -m h");
    assert!(!History::read(&git.0).unwrap().is_checked_out("part"), "it was in the history");
    let names = ["HEAD", "--output=x", "abc", &"A".repeat(40)].map(super::is_name);
    assert_eq!(names, [false; 4]);
    assert!(super::is_name(&"a1".repeat(20)) && super::is_name(&"a1".repeat(32)));
}

#[test]
fn a_new_repository_has_no_commit_and_a_cut_off_one_says_so() {
    let git = Repository::of("new", "true");
    assert_eq!(History::read(&git.0).unwrap().head, "");
    git.run("echo a > a; by ann; echo b > a; by bo; git clone -q --depth 1 \"file://$PWD\" cut");
    assert!(History::read(&git.0.join("cut")).unwrap().shallow && !History::read(&git.0).unwrap().shallow);
    // A branch that is written down and names no commit.
    std::fs::write(git.0.join(".git/refs/heads/main"), "garbage\n").unwrap();
    assert!(History::read(&git.0).is_err());
    // What is checked out is no commit at all.
    std::fs::write(git.0.join(".git/HEAD"), format!("{}\n", "zz".repeat(20))).unwrap();
    assert!(History::read(&git.0).is_err());
}

#[test]
fn a_merge_has_a_part_in_what_it_decides() {
    let sides = "git checkout -q -b side; echo bo >> a; by bo; git checkout -q main; ";
    let git = Repository::of("taken", &format!("{LINES} {sides} echo x > x; by cy; merge dan side"));
    assert_eq!((git.who("a", "base"), git.who("x", "base")), ("bo".into(), "cy".into()));
    // Where both sides touched it, it is the merge that says what it is; so does one that leaves a side out.
    let both = Repository::of("both", &format!("{LINES} {sides} sed -i s/1/one/ a; by cy; merge dan side"));
    assert_eq!(both.who("a", "base"), "bo cy dan");
    let ours = Repository::of("ours", &format!("{LINES} {sides} merge dan '-s ours side'"));
    assert_eq!(ours.who("a", "base"), "bo dan");
    let own = Repository::of(
        "own",
        &format!("{LINES} {sides} git merge -q --no-ff --no-commit side; echo dan >> a; by dan"),
    );
    assert_eq!(own.who("a", "base"), "bo dan");
}

#[test]
fn a_history_is_bounded_by_its_commits() {
    let git =
        Repository::of("bounds", &format!("{LINES} echo bo >> a; by bo; git tag later; echo cy >> a; by cy"));
    let history = History::read(&git.0).unwrap();
    let [base, later] =
        ["base", "later"].map(|tag| super::git(&git.0, &["rev-parse", tag]).unwrap().trim().to_owned());
    let who = |since: &str, until: Option<&str>| -> Vec<String> {
        history.touched(&["a".to_owned()], since, until).by.into_iter().map(|c| c.account).collect()
    };
    assert_eq!(who(&base, Some(&later)), ["bo@x"]);
    assert_eq!(who(&later, Some(&base)), [""; 0]);
    assert_eq!(who(&later, Some(&later)), [""; 0]);
    assert_eq!(who("gone", Some("gone")), ["ann@x", "bo@x", "cy@x"]);
}
