//! One suite for both adapters, and what only a vault from afar has to promise.

use super::*;

const KEEP: Duration = Duration::from_secs(600);

/// Every promise of the port, on a fresh vault.
async fn keeps_the_contract(keys: &dyn VaultPort) {
    what_is_sealed_opens_where_it_was_sealed_and_nowhere_else(keys).await;
    a_key_must_be_made_before_it_is_used(keys).await;
    many_keys_are_made_at_once_and_stay_the_same(keys).await;
    who_is_erased_stays_erased_and_is_told(keys).await;
    assert_eq!(keys.root_check(), keys.root_check());
    assert!(keys.state().is_ok());
}

async fn what_is_sealed_opens_where_it_was_sealed_and_nowhere_else(keys: &dyn VaultPort) {
    keys.ensure(&[(subject("a"), Category::Identity)]).await.unwrap();
    let sealed = sealed(keys, "a");
    assert_eq!(clear(keys, &sealed).unwrap().as_deref(), Some(&b"LI NA"[..]));
    let moved = SealContext { field: 4, ..place() };
    let elsewhere = Sealed { context: moved, ..sealed };
    assert_eq!(clear(keys, &elsewhere), Err(KeyError::Damaged { subject: subject("a") }));
    let print = |bytes: &[u8]| keys.fingerprint(&subject("a"), Category::Identity, bytes).unwrap().unwrap();
    assert_eq!(print(b"x"), print(b"x"));
    assert_ne!(print(b"x"), print(b"y"));
}

async fn a_key_must_be_made_before_it_is_used(keys: &dyn VaultPort) {
    let missing = keys.seal(&subject("never"), Category::Travel, place(), b"x").err();
    assert_eq!(missing, Some(KeyError::Missing { subject: subject("never"), category: Category::Travel }));
}

async fn many_keys_are_made_at_once_and_stay_the_same(keys: &dyn VaultPort) {
    let many: Vec<_> = (0..1_300).map(|n| (subject(&format!("m{n}")), Category::Identity)).collect();
    keys.ensure(&many).await.unwrap();
    let first = sealed(keys, "m1299");
    keys.ensure(&many).await.unwrap();
    assert_eq!(clear(keys, &first).unwrap().as_deref(), Some(&b"LI NA"[..]));
}

async fn who_is_erased_stays_erased_and_is_told(keys: &dyn VaultPort) {
    let subjects: Vec<_> = (0..3).map(|n| subject(&format!("e{n}"))).collect();
    let wanted: Vec<_> = subjects.iter().map(|one| (one.clone(), Category::Identity)).collect();
    keys.ensure(&wanted).await.unwrap();
    let sealed = sealed(keys, "e1");
    let mut grows = keys.on_erase();
    let before = *grows.borrow_and_update();
    keys.erase(&subjects[1]).await.unwrap();
    assert_eq!(clear(keys, &sealed).unwrap(), None);
    assert_eq!(keys.seal(&subjects[1], Category::Identity, place(), b"x").unwrap(), None);
    keys.ensure(&wanted).await.unwrap();
    assert_eq!(
        keys.seal(&subjects[1], Category::Identity, place(), b"x").unwrap(),
        None,
        "no key comes back"
    );
    keys.erase(&subjects[1]).await.unwrap();
    within(grows.wait_for(|count| *count == before + 1)).await.unwrap();
    let since = keys.erased_since(before).await.unwrap();
    assert_eq!((since.subjects, since.register), (vec![subjects[1].clone()], before + 1));
    assert!(clear(keys, &super::sealed(keys, "e2")).unwrap().is_some(), "nobody else is erased");
}

#[tokio::test]
async fn the_vault_in_the_folder_keeps_the_contract() {
    let folder = TempDir::new().unwrap();
    let vault = Vault::open_for(folder.path(), log(), Arc::new(SystemClock)).unwrap();
    keeps_the_contract(&vault).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_vault_of_another_node_keeps_the_contract() {
    let authority = Authority::new("nodes");
    let host = Host::start(&authority).await;
    let keys = host.reached_by(&authority.papers(&[Role::Gateway]), KEEP).await;
    keeps_the_contract(&keys).await;
    assert_eq!(keys.root_check(), host.own().root_check());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_open_what_the_other_sealed_and_an_erasure_reaches_both() {
    let authority = Authority::new("nodes");
    let host = Host::start(&authority).await;
    let one = host.reached_by(&authority.papers(&[Role::Gateway]), KEEP).await;
    let other = host.reached_by(&authority.papers(&[Role::Projector]), KEEP).await;
    one.ensure(&[(subject("p"), Category::Identity)]).await.unwrap();
    let sealed = sealed(&one, "p");
    assert!(clear(&other, &sealed).unwrap().is_some());
    assert!(clear(&*host.own(), &sealed).unwrap().is_some());
    other.erase(&subject("p")).await.unwrap();
    assert_eq!(clear(&other, &sealed).unwrap(), None);
    until("the erasure reaches the other node", || clear(&one, &sealed).unwrap().is_none()).await;
    host.own().erase(&subject("q")).await.unwrap();
    within(one.on_erase().wait_for(|count| *count == 2)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_vault_held_keys_go_on_the_rest_is_unavailable_and_it_comes_back_by_itself() {
    let authority = Authority::new("nodes");
    let mut host = Host::start(&authority).await;
    let papers = authority.papers(&[Role::Gateway]);
    let keys = host.reached_by(&papers, KEEP).await;
    keys.ensure(&[(subject("held"), Category::Identity)]).await.unwrap();
    host.own().ensure(&[(subject("unknown"), Category::Identity)]).await.unwrap();
    let (held, unknown) = (sealed(&keys, "held"), sealed(&*host.own(), "unknown"));
    let gone = host.own();
    host.end().await;
    let is_away = || keys.state().unwrap().contains("are held for");
    until("the node knows that the vault is away", is_away).await;
    assert!(keys.state().unwrap().contains(&host.address.to_string()));
    assert!(clear(&keys, &held).unwrap().is_some());
    for refused in [
        clear(&keys, &unknown).err(),
        keys.ensure(&[(subject("new"), Category::Identity)]).await.err(),
        keys.erase(&subject("held")).await.err(),
    ] {
        let Some(KeyError::Unavailable { reason }) = refused else { panic!("{refused:?}") };
        assert!(reason.contains("vault at") && !reason.contains("LI NA"), "{reason}");
    }
    drop(gone);
    host.begin(log()).await;
    until("the node hears the vault again", || !is_away()).await;
    assert!(clear(&keys, &unknown).unwrap().is_some());
    keys.ensure(&[(subject("new"), Category::Identity)]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_hears_nothing_for_too_long_opens_nothing_any_more() {
    let authority = Authority::new("nodes");
    let mut host = Host::start(&authority).await;
    let keys = host.reached_by(&authority.papers(&[Role::Gateway]), Duration::from_millis(50)).await;
    keys.ensure(&[(subject("held"), Category::Identity)]).await.unwrap();
    let held = sealed(&keys, "held");
    host.end().await;
    until("what is held is forgotten", || clear(&keys, &held).is_err()).await;
    until("readiness says so", || keys.state().is_err()).await;
}
