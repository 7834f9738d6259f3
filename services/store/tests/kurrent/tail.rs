//! The end of the log comes once to a process, however many follow it.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::{
    cluster,
    words::{say, text},
};

/// How long a cluster may take to notice.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until so many reads are open.
async fn open_reads(double: &airside_contract::double::Double, wanted: usize) {
    let reached = async {
        while double.open_reads() != wanted {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let found = timeout(PATIENCE, reached).await;
    assert!(found.is_ok(), "{} reads are open and not {wanted}", double.open_reads());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_who_follow_in_a_process_share_one_open_read_until_the_last_has_left() {
    let (double, store) = cluster(1).await;
    say(&store, "bag-1", &["history"]).await;
    let mut followers: Vec<_> = (0..5).map(|_| store.follow(None)).collect();
    for news in ["history", "a", "b"] {
        for follow in &mut followers {
            let page = timeout(PATIENCE, follow.next()).await.expect("it comes").unwrap();
            assert_eq!(page.events.iter().map(text).collect::<Vec<_>>(), [news]);
            assert!(page.end);
        }
        open_reads(&double, 1).await;
        let next = if news == "history" { "a" } else { "b" };
        say(&store, "bag-1", &[next]).await;
    }
    followers.truncate(1);
    open_reads(&double, 1).await;
    followers.clear();
    open_reads(&double, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_falls_behind_what_is_kept_reads_history_and_comes_back() {
    let (_double, store) = cluster(1).await;
    let (mut fast, mut slow) = (store.follow(None), store.follow(None));
    let large = "x".repeat(900_000);
    let mut said = vec!["first".to_owned()];
    say(&store, "bag-1", &["first"]).await;
    for follow in [&mut fast, &mut slow] {
        assert_eq!(text(&follow.next().await.unwrap().events[0]), "first");
    }
    for n in 0..40 {
        let words = format!("{n} {large}");
        say(&store, "bag-2", &[&words]).await;
        said.push(words);
    }
    said.push("last".to_owned());
    say(&store, "bag-1", &["last"]).await;
    for mut follow in [fast, slow] {
        let mut seen = vec!["first".to_owned()];
        while seen.len() < said.len() {
            let page = timeout(PATIENCE, follow.next()).await.expect("it comes").unwrap();
            seen.extend(page.events.iter().map(text));
        }
        assert!(seen == said, "each once and in order");
    }
}
