//! What is published whole is read whole, or not at all.

use airside_kernel::{EventId, ManualClock, Metadata, NewEvent};
use airside_store::MemoryStore;
use proptest::prelude::*;

use super::*;

fn log() -> (Arc<dyn EventStore>, Blobs) {
    let clock = ManualClock::new("2026-11-20T06:00:00Z".parse().unwrap());
    let store: Arc<dyn EventStore> = Arc::new(MemoryStore::new(Arc::new(clock)));
    (store.clone(), Blobs::new(store))
}

fn context() -> Context {
    Context::new("staff:map", "navigation", "2026-11-20T06:00:00Z".parse().unwrap())
}

/// Returns bytes that do not deflate.
fn noise(length: usize) -> Bytes {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let byte = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(byte).collect()
}

async fn events(store: &Arc<dyn EventStore>) -> usize {
    store.read_all(None, 1_000).await.unwrap().events.len()
}

/// Appends a part as nobody should.
async fn forge(store: &Arc<dyn EventStore>, stream: StreamId, part: &BlobPart) {
    let event = NewEvent {
        id: EventId(uuid::Uuid::now_v7()),
        event_type: part.event_type().into(),
        schema_version: 1,
        occurred_at: "2026-11-20T06:00:00Z".parse().unwrap(),
        metadata: Metadata::default().encode(),
        payload: part.encode(),
    };
    let (expected, fold_from) = (Expected::Any, Revision::FIRST);
    store.append(Append { stream, expected, fold_from, events: vec![event] }).await.unwrap();
}

#[tokio::test]
async fn content_comes_back_as_it_was_whatever_its_size() {
    for length in [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES + 7] {
        let (store, blobs) = log();
        let content = noise(length);
        let digest = blobs.put(&content, &context()).await.unwrap();
        assert_eq!(digest, Digest::of(&content));
        assert_eq!(blobs.get(digest).await.unwrap(), content, "{length} bytes");
        assert_eq!(events(&store).await, length.div_ceil(PART_BYTES).max(1), "{length} bytes");
    }
}

#[tokio::test]
async fn the_same_content_is_stored_once_however_many_store_it_at_once() {
    let (store, blobs) = log();
    let content = noise(5 * PART_BYTES);
    let context = context();
    let (one, other) = tokio::join!(blobs.put(&content, &context), blobs.put(&content, &context));
    assert_eq!(one, other);
    assert_eq!(blobs.put(&content, &context).await, one);
    assert_eq!(events(&store).await, 5);
    assert_eq!(blobs.get(one.unwrap()).await.unwrap(), content);
}

#[tokio::test]
async fn an_upload_that_was_cut_short_is_not_there_and_is_finished_by_the_next() {
    let (store, blobs) = log();
    let content = noise(2 * PART_BYTES + 5);
    let digest = Digest::of(&content);
    let (size, torn) = (content.len() as u64, 1_000);
    // Cut where another version of the program cut it, too.
    let part = BlobPart { offset: 0, size, deflated: deflate(&content[..torn]) };
    forge(&store, digest.stream(), &part).await;
    assert_eq!(blobs.get(digest).await, Err(BlobError::Missing { digest, bytes: torn }));
    assert_eq!(blobs.put(&content, &context()).await, Ok(digest));
    assert_eq!(blobs.get(digest).await.unwrap(), content);
    assert_eq!(events(&store).await, 3);
}

#[tokio::test]
async fn what_is_not_what_its_name_says_is_damaged() {
    let content = noise(10);
    let digest = Digest::of(&content);
    let whole = BlobPart { offset: 0, size: 10, deflated: deflate(&content) };
    let other = deflate(&noise(11)[1..]);
    let bomb = deflate(&vec![0; 17 << 20]);
    for parts in [
        vec![BlobPart { deflated: other, ..whole.clone() }],
        vec![BlobPart { offset: 3, ..whole.clone() }],
        vec![whole.clone(), whole.clone()],
        vec![BlobPart { deflated: Bytes::from_static(b"\xff\xff no deflate"), ..whole.clone() }],
        (0..4).map(|n| BlobPart { offset: n * (17 << 20), deflated: bomb.clone(), ..whole }).collect(),
    ] {
        let (store, blobs) = log();
        for part in &parts {
            forge(&store, digest.stream(), part).await;
        }
        let refused = blobs.get(digest).await.unwrap_err();
        assert!(matches!(refused, BlobError::Damaged { .. }), "{refused}");
    }
}

#[tokio::test]
async fn content_that_nobody_stored_is_missing_and_too_much_is_refused() {
    let (store, blobs) = log();
    let digest = Digest::of(b"never");
    assert_eq!(blobs.get(digest).await, Err(BlobError::Missing { digest, bytes: 0 }));
    let bytes = BLOB_BYTES_MAX + 1;
    assert_eq!(blobs.put(&vec![0; bytes].into(), &context()).await, Err(BlobError::TooLarge { bytes }));
    assert_eq!(events(&store).await, 0);
}

#[test]
fn a_digest_is_printed_and_parsed_as_hex() {
    let digest = Digest::of(b"");
    assert_eq!(digest.to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(digest.to_string().parse(), Ok(digest));
    assert_eq!(digest.stream().as_str(), format!("blob-{digest}"));
    for text in ["", "e3b0", &digest.to_string().to_uppercase(), &"字".repeat(64), &"+f".repeat(32)] {
        assert_eq!(text.parse::<Digest>(), Err(InvalidDigest), "{text}");
    }
}

proptest! {
    #[test]
    fn foreign_bytes_never_panic_and_never_grow_past_the_bound(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = inflate(Vec::new(), &bytes);
        prop_assert_eq!(inflate(b"so far ".to_vec(), &deflate(&bytes)).unwrap(), [b"so far ", bytes.as_slice()].concat());
    }
}
