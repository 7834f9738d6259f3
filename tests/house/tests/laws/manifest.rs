//! The crates of the workspace and what their manifests name.

use std::{fs, sync::LazyLock};

use toml::{Table, Value};

use crate::source::ROOT;

/// How a crate depends on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Normal,
    Build,
    Dev,
}

/// A dependency, under the name of its package.
#[derive(Debug, Clone)]
pub(crate) struct Dependency {
    pub(crate) package: String,
    pub(crate) kind: Kind,
    pub(crate) line: usize,
}

/// A crate of the workspace.
pub(crate) struct Manifest {
    /// Its folder's name.
    pub(crate) folder: String,
    /// The manifest's path from the root.
    pub(crate) path: String,
    pub(crate) table: Table,
    pub(crate) dependencies: Vec<Dependency>,
}

/// Every crate below `services` and `tests`.
pub(crate) static CRATES: LazyLock<Vec<Manifest>> = LazyLock::new(|| {
    let root = fs::read_to_string(ROOT.join("Cargo.toml")).expect("the workspace has a manifest");
    let mut crates = Vec::new();
    for parent in ["services", "tests"] {
        let folders = fs::read_dir(ROOT.join(parent)).expect("the workspace has its folders");
        for folder in folders.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()) {
            let path = format!("{parent}/{folder}/Cargo.toml");
            if let Ok(text) = fs::read_to_string(ROOT.join(&path)) {
                crates.push(Manifest::new(&folder, &path, &text, &root));
            }
        }
    }
    crates.sort_by(|a, b| a.path.cmp(&b.path));
    crates
});

impl Manifest {
    pub(crate) fn new(folder: &str, path: &str, text: &str, root: &str) -> Self {
        let table: Table = text.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
        let root: Table = root.parse().unwrap_or_else(|error| panic!("Cargo.toml: {error}"));
        let shared = root.get("workspace").and_then(|workspace| workspace.get("dependencies"));
        let mut tables = vec![&table];
        if let Some(Value::Table(targets)) = table.get("target") {
            tables.extend(targets.values().filter_map(Value::as_table));
        }
        let mut dependencies = Vec::new();
        for table in tables {
            for (section, kind) in [
                ("dependencies", Kind::Normal),
                ("build-dependencies", Kind::Build),
                ("dev-dependencies", Kind::Dev),
            ] {
                let Some(Value::Table(named)) = table.get(section) else { continue };
                for (key, value) in named {
                    let package = package_of(key, value, shared);
                    let line = line_of(text, section, key);
                    dependencies.push(Dependency { package, kind, line });
                }
            }
        }
        Self { folder: folder.into(), path: path.into(), table, dependencies }
    }

    /// Returns true for crates below `tests`, which know all.
    pub(crate) fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
    }
}

fn package_of(key: &str, value: &Value, shared: Option<&Value>) -> String {
    let inherits = value.get("workspace").is_some();
    let described = if inherits { shared.and_then(|shared| shared.get(key)) } else { Some(value) };
    let renamed = described.and_then(|value| value.get("package")).and_then(Value::as_str);
    renamed.unwrap_or(key).to_owned()
}

/// Returns the line that names a dependency, in its section where it can be told.
fn line_of(text: &str, section: &str, key: &str) -> usize {
    let lines = || text.lines().zip(1..);
    let header = lines().find(|(line, _)| line.trim_end().ends_with(&format!("{section}]")));
    let first = header.map_or(1, |(_, number)| number);
    let named = lines()
        .skip(first)
        .find(|(line, _)| line.strip_prefix(key).is_some_and(|rest| rest.starts_with([' ', '.', '='])));
    named.map_or(first, |(_, number)| number)
}

#[test]
fn every_way_to_name_a_dependency_is_read() {
    let root = "[workspace.dependencies]\neventstore = { package = \"kurrentdb\", version = \"1\" }\n";
    let text = "[package]\nname = \"x\"\n\n[dependencies]\naxum = \"1\"\ncipher = { package = \"ring\", version = \"1\" }\n\
                \n[dev-dependencies]\neventstore.workspace = true\n\n[target.'cfg(unix)'.build-dependencies]\naxum = \"1\"\n";
    let manifest = Manifest::new("x", "services/x/Cargo.toml", text, root);
    let named: Vec<(&str, Kind, usize)> =
        manifest.dependencies.iter().map(|one| (one.package.as_str(), one.kind, one.line)).collect();
    assert_eq!(
        named,
        [
            ("axum", Kind::Normal, 5),
            ("ring", Kind::Normal, 6),
            ("kurrentdb", Kind::Dev, 9),
            ("axum", Kind::Build, 12)
        ]
    );
}
