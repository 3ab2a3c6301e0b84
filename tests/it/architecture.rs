//! Holds the arrows between crates true, and keeps heavy dependencies where they belong.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// What each crate may use of the others.
const ARROWS: [(&str, &[&str]); 9] = [
    ("milepost-schema", &[]),
    ("milepost-testkit", &[]),
    ("milepost-timings", &[]),
    ("milepost-ingest", &["milepost-schema", "milepost-timings"]),
    ("milepost-store", &[]),
    ("milepost-lake", &["milepost-schema", "milepost-store", "milepost-timings"]),
    ("milepost-query", &["milepost-lake", "milepost-schema", "milepost-store"]),
    ("milepost-report", &["milepost-lake", "milepost-query", "milepost-schema", "milepost-store"]),
    (
        "milepost",
        &[
            "milepost-ingest",
            "milepost-lake",
            "milepost-query",
            "milepost-report",
            "milepost-schema",
            "milepost-store",
            "milepost-testkit",
            "milepost-timings",
        ],
    ),
];

/// Crates that only these may name.
const OWNERS: [(&str, &[&str]); 8] = [
    ("datafusion", &["milepost-query"]),
    ("datafusion-functions-json", &["milepost-query"]),
    ("deltalake-core", &["milepost-lake"]),
    ("object_store", &["milepost-lake", "milepost-store"]),
    ("aws-config", &["milepost-store"]),
    ("clap", &["milepost"]),
    ("lettre", &["milepost-report"]),
    ("reqwest", &["milepost-report"]),
];

/// What must not be linked into the crates that turn bytes into rows, not even through others.
const TOO_HEAVY: [&str; 7] =
    ["arrow", "aws-config", "datafusion", "deltalake-core", "object_store", "parquet", "tokio"];

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Direct dependencies of each crate of the workspace, those of tests left out.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata: Value =
        serde_json::from_str(&cargo(&["metadata", "--no-deps", "--format-version", "1", "--offline"])).unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let direct = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap();
        all.iter().filter(|dependency| dependency["kind"].is_null()).map(name).collect()
    };
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().map(|package| (name(package), direct(package))).collect()
}

#[test]
fn crates_use_each_other_only_along_the_arrows() {
    let dependencies = dependencies();
    let expected: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(dependencies.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected);
    for (name, allowed) in ARROWS {
        let used: BTreeSet<&str> = dependencies[name]
            .iter()
            .map(String::as_str)
            .filter(|dependency| dependency.starts_with("milepost"))
            .collect();
        assert_eq!(used, allowed.iter().copied().collect(), "arrows of {name}");
    }
}

#[test]
fn heavy_crates_are_named_by_their_owner_only() {
    for (name, used) in dependencies() {
        for (heavy, owners) in OWNERS {
            assert!(!used.contains(heavy) || owners.contains(&name.as_str()), "{name} names {heavy}");
        }
    }
}

#[test]
fn turning_bytes_into_rows_links_nothing_heavy() {
    for name in ["milepost-schema", "milepost-ingest"] {
        let tree = cargo(&["tree", "--offline", "-p", name, "-e", "normal", "--prefix", "none", "-f", "{p}"]);
        for line in tree.lines() {
            let linked = line.split(' ').next().unwrap_or_default();
            assert!(!TOO_HEAVY.contains(&linked), "{name} links {linked}");
        }
    }
}
