//! Where everything of a node lies.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf, absolute},
};

use uuid::Uuid;

/// The folders of a node. What belongs to the log lies beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Places {
    /// Keys, the vault, the operator's door.
    pub(crate) folder: PathBuf,
    /// The folder of the log.
    pub(crate) log: PathBuf,
    /// The second place of the evidence.
    pub(crate) second: Option<PathBuf>,
}

impl Places {
    /// Returns the places of a node that keeps everything in one folder.
    pub(crate) fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), log: folder.to_owned(), second: None }
    }

    /// The name of the copy of the register of erased subjects, here and in the second place.
    pub(crate) const REGISTER: &str = "erased";

    /// The file with the name of a node that shares its log.
    const NODE: &str = "node";

    /// Returns the name of this node among those that share its log, which stays the same from start to
    /// start; empty on a log of one node.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub(crate) fn node_name(&self, is_shared: bool) -> io::Result<String> {
        if !is_shared {
            return Ok(String::new());
        }
        let path = self.folder.join(Self::NODE);
        match fs::read_to_string(&path) {
            Ok(name) if !name.trim().is_empty() => Ok(name.trim().to_owned()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(_) | Err(_) => {
                let name = Uuid::new_v4().simple().to_string();
                fs::write(path, &name)?;
                Ok(name)
            }
        }
    }

    /// Returns the folder of hashes and checkpoints.
    pub(crate) fn evidence(&self) -> PathBuf {
        self.log.join("evidence")
    }

    /// Returns the folder of snapshots.
    pub(crate) fn snapshots(&self) -> PathBuf {
        self.log.join("snapshots")
    }

    /// Returns the copy of the register beside the log.
    pub(crate) fn register(&self) -> PathBuf {
        self.evidence().join(Self::REGISTER)
    }

    /// Returns the copy of the register in the second place.
    pub(crate) fn second_register(&self) -> Option<PathBuf> {
        self.second.as_ref().map(|second| second.join(Self::REGISTER))
    }

    /// Returns the folder in which a restore makes the parts.
    pub(crate) fn draft(&self) -> PathBuf {
        self.log.join("restore.new")
    }

    /// Returns the folder of this node in which a path lies, if it lies in one.
    pub(crate) fn around(&self, path: &Path) -> Option<&Path> {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let full = |path: &Path| absolute(path).unwrap_or_else(|_| path.to_owned());
        let path = full(path);
        let lies_in = |data: &Path| path.ancestors().any(|above| real(above) == real(&full(data)));
        [self.folder.as_path(), self.log.as_path()].into_iter().find(|data| lies_in(data))
    }

    /// Returns true when a restore was cut short before the log was in its place.
    pub(crate) fn is_half_restored(&self) -> bool {
        self.draft().exists() && !self.has_log()
    }

    /// Returns true when there is a log.
    pub(crate) fn has_log(&self) -> bool {
        self.log.join("log").join("meta.redb").exists()
    }

    /// Returns true when a node ran here whose keys are in the vault of another one.
    pub(crate) fn is_of_a_node_without_vault(&self) -> bool {
        self.folder.join(Self::NODE).exists() && !self.has_vault()
    }

    /// Returns true when there is a vault.
    pub(crate) fn has_vault(&self) -> bool {
        self.folder.join("vault").join("vault.redb").exists()
    }
}

/// Makes a folder, and those above it, for their owner alone; what is there keeps its rights.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
