//! What stands when the power goes, the disk fails, or the process is killed.

use std::{
    collections::HashSet,
    env, io,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio, exit},
    sync::{Mutex, MutexGuard},
};

use redb::{Builder, StorageBackend};
use zeroize::Zeroizing;

use super::*;

/// A disk that keeps what was synced, and of the rest what chance keeps. It
/// fails every write and sync once its budget is used up.
#[derive(Debug, Clone, Default)]
struct Disk(Arc<Mutex<Platter>>);

#[derive(Debug, Default)]
struct Platter {
    synced: Vec<u8>,
    seen: Vec<u8>,
    unsynced: Vec<Step>,
    budget: usize,
}

#[derive(Debug, Clone)]
enum Step {
    Write(usize, Vec<u8>),
    SetLen(usize),
}

impl Step {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(at, data) => {
                if bytes.len() < at + data.len() {
                    bytes.resize(at + data.len(), 0);
                }
                bytes[*at..at + data.len()].copy_from_slice(data);
            }
            Self::SetLen(len) => bytes.resize(*len, 0),
        }
    }
}

impl Disk {
    fn of(bytes: Vec<u8>, budget: usize) -> Self {
        Self(Arc::new(Mutex::new(Platter {
            synced: bytes.clone(),
            seen: bytes,
            unsynced: Vec::new(),
            budget,
        })))
    }

    fn platter(&self) -> MutexGuard<'_, Platter> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spend(&self) -> io::Result<MutexGuard<'_, Platter>> {
        let mut platter = self.platter();
        platter.budget = platter.budget.checked_sub(1).ok_or_else(|| io::Error::other("the disk failed"))?;
        Ok(platter)
    }

    fn step(&self, step: Step) -> io::Result<()> {
        let mut platter = self.spend()?;
        step.apply(&mut platter.seen);
        platter.unsynced.push(step);
        Ok(())
    }

    /// Returns what is there after the power went: each unsynced step reached
    /// the disk whole, in its first half, or not.
    fn after_power_loss(&self, mut chance: impl FnMut() -> u8) -> Vec<u8> {
        let platter = self.platter();
        let mut bytes = platter.synced.clone();
        for step in &platter.unsynced {
            match (chance() % 3, step) {
                (0, _) => {}
                (1, Step::Write(at, data)) => {
                    Step::Write(*at, data[..data.len() / 2].to_vec()).apply(&mut bytes);
                }
                _ => step.apply(&mut bytes),
            }
        }
        bytes
    }

    fn open(&self) -> Result<Vault, VaultError> {
        let path = Path::new("a disk/vault.redb");
        let root = RootKey::new(&Zeroizing::new([5; 32])).unwrap();
        let unusable =
            |error: redb::Error| VaultError::Unusable { path: path.into(), reason: error.to_string() };
        let database =
            Builder::new().create_with_backend(self.clone()).map_err(|error| unusable(error.into()))?;
        let identity = match tables::identity(&database).map_err(unusable)? {
            Some(identity) => identity,
            None => tables::establish(&database, &root.check_value()).map_err(unusable)?,
        };
        let clock = ManualClock::new(Timestamp::from_second(1_795_000_000).unwrap());
        Vault::run(path, database, root, &identity, Arc::new(clock))
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.platter().seen.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let platter = self.platter();
        let from = usize::try_from(offset).unwrap();
        let bytes = platter.seen.get(from..from + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.step(Step::SetLen(usize::try_from(len).unwrap()))
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut platter = self.spend()?;
        let Platter { synced, unsynced, .. } = &mut *platter;
        unsynced.drain(..).for_each(|step| step.apply(synced));
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.step(Step::Write(usize::try_from(offset).unwrap(), data.to_vec()))
    }
}

/// What callers were told, and what was under way.
#[derive(Default)]
struct Told {
    sealed: Vec<(usize, Sealed)>,
    erased: HashSet<usize>,
    /// The subject whose erasure was asked for last, and not answered.
    asked: Option<usize>,
    changes: u64,
}

/// Makes and erases subjects until something fails.
async fn live(vault: &Vault) -> Told {
    let mut told = Told::default();
    for n in 0.. {
        let name = subject(&format!("journey-{n}"));
        if vault.ensure(&[(name.clone(), Category::Travel)]).await.is_err() {
            break;
        }
        told.sealed.push((n, vault.seal(&name, Category::Travel, place(), b"Wang").unwrap().unwrap()));
        told.changes = vault.changes();
        if n % 3 == 2 {
            told.asked = Some(n - 1);
            if vault.erase(&subject(&format!("journey-{}", n - 1))).await.is_err() {
                break;
            }
            told.erased.extend(told.asked.take());
            told.changes = vault.changes();
        }
    }
    told
}

impl Told {
    fn check(&self, vault: &Vault) {
        for (n, value) in &self.sealed {
            match vault.open(value) {
                Ok(Opened::Erased) => {
                    assert!(self.erased.contains(n) || self.asked == Some(*n), "{n} is erased by nobody");
                }
                Ok(Opened::Known(_)) => assert!(!self.erased.contains(n), "{n} was erased and opens"),
                Err(error) => panic!("the key of {n} was there and is not: {error}"),
            }
        }
        assert!(vault.changes() >= self.changes, "{} changes of {}", vault.changes(), self.changes);
    }
}

/// The disk fails at each of its first steps in turn, and the power goes then.
#[test]
fn what_was_answered_stands_after_any_failed_step_and_a_loss_of_power() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut chance = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    };
    let mut answered = 0;
    for budget in (1..60).chain((60..200).step_by(7)) {
        let disk = Disk::of(Vec::new(), budget);
        let Ok(vault) = disk.open() else { continue };
        let told = runtime.block_on(live(&vault));
        answered += told.sealed.len() + told.erased.len();
        let power_lost = disk.after_power_loss(&mut chance);
        let killed = disk.platter().seen.clone();
        drop(vault);
        for bytes in [power_lost, killed] {
            let vault = Disk::of(bytes, usize::MAX).open().expect("a crash leaves a vault that opens");
            told.check(&vault);
            runtime.block_on(vault.erase(&subject("after"))).expect("it works on");
        }
    }
    assert!(answered > 300, "only {answered} answers were checked");
}

#[tokio::test]
async fn a_vault_that_failed_to_write_says_so_and_takes_nothing_until_a_restart() {
    let disk = Disk::of(Vec::new(), usize::MAX);
    let vault = disk.open().unwrap();
    let value = sealed(&vault, "journey-1", b"Wang").await;
    assert_eq!(vault.health(), Ok(()));
    disk.platter().budget = 2;
    let refused = vault.erase(&subject("journey-1")).await.unwrap_err();
    let reason = vault.health().unwrap_err();
    assert!(refused.to_string().contains(&reason) && reason.contains("the disk failed"), "{reason}");
    assert!(reason.contains("vault.redb") && reason.contains("restart"), "{reason}");

    disk.platter().budget = usize::MAX;
    let changes = vault.changes();
    for attempt in 0..3 {
        assert!(vault.erase(&subject("journey-1")).await.is_err(), "attempt {attempt}");
        let made = vault.ensure(&[(subject("journey-2"), Category::Travel)]).await;
        assert!(made.is_err(), "attempt {attempt}");
    }
    assert!(vault.seal(&subject("journey-2"), Category::Travel, place(), b"x").is_err());
    assert!(vault.attach(log()).is_err());
    assert_eq!(vault.changes(), changes);
    assert!(is_known(&vault, &value, b"Wang"), "a key at hand is durable and still opens");
    drop(vault);

    let vault = disk.open().unwrap();
    assert_eq!(vault.health(), Ok(()));
    vault.erase(&subject("journey-1")).await.unwrap();
    assert!(is_erased(&vault, &value));
}

/// This test starts itself again as the process that is killed.
#[test]
fn what_was_answered_stands_after_a_kill() {
    const FOLDER: &str = "AIRSIDE_TEST_VAULT";
    const NAME: &str = "vault::tests::crashes::what_was_answered_stands_after_a_kill";
    if let Some(folder) = env::var_os(FOLDER) {
        answer_until_killed(Path::new(&folder));
    }
    let (folder, mut rounds) = (tempfile::tempdir().unwrap(), Vec::new());
    for answers in [1, 2, 3, 5, 8, 13, 21, 34, 55, 89] {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", NAME, "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let is_answer = |line: &String| line.starts_with("made ") || line.starts_with("erased ");
        rounds.extend(lines.by_ref().filter(is_answer).take(answers));
        child.kill().unwrap();
        rounds.extend(lines.filter(is_answer));
        child.wait().unwrap();

        let vault = open(&folder);
        let erased: HashSet<&str> = rounds.iter().filter_map(|line| line.strip_prefix("erased ")).collect();
        for name in rounds.iter().filter_map(|line| line.strip_prefix("made ")) {
            let value = vault.seal(&subject(name), Category::Travel, place(), b"x");
            let value = value.expect("its key is there, or it is erased");
            // The erasure that was under way may have been done.
            assert!(value.is_none() || !erased.contains(name), "{name} was erased and is sealed for");
        }
        for name in erased {
            assert!(vault.is_erased(&subject(name)).unwrap(), "{name} was erased");
        }
    }
    assert!(rounds.len() >= 200, "{} answers were checked", rounds.len());
}

fn answer_until_killed(folder: &Path) -> ! {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let clock = ManualClock::new(Timestamp::from_second(1_795_000_000).unwrap());
    let vault = Vault::open(folder, Arc::new(clock)).unwrap();
    let first = vault.changes();
    let say = |word: &str, name: &SubjectId| {
        let mut out = io::stdout().lock();
        writeln!(out, "{word} {name}").and_then(|()| out.flush()).unwrap_or_else(|_| exit(0));
    };
    for n in 0.. {
        let name = subject(&format!("journey-{first}-{n}"));
        runtime.block_on(vault.ensure(&[(name.clone(), Category::Travel)])).unwrap();
        say("made", &name);
        if n % 2 == 0 {
            runtime.block_on(vault.erase(&name)).unwrap();
            say("erased", &name);
        }
    }
    exit(1)
}
