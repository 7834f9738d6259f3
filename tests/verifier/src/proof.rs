//! Notes, leaves and paths, read and computed anew from the written format.

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::Value;
use sha2::{Digest, Sha256};

type Hash = [u8; 32];

/// What a proof showed.
pub(crate) struct Shown {
    /// What the checkpoint says.
    pub(crate) checkpoint: Checkpoint,
    /// The stream whose events these are, for a proof of a stream.
    pub(crate) stream: Option<String>,
    /// Each event: index, stream, revision, type.
    pub(crate) events: Vec<(u64, String, u64, String)>,
}

/// The lines of a checkpoint that a reader wants to see.
pub(crate) struct Checkpoint {
    /// The first line.
    pub(crate) origin: String,
    /// How many events the log had.
    pub(crate) size: u64,
    /// What follows the root.
    pub(crate) rest: Vec<String>,
    root: Hash,
}

/// Checks a proof with a key and says what it showed.
///
/// # Errors
/// What does not hold.
pub(crate) fn check(document: &str, key: &str) -> Result<Shown, String> {
    let proof: Value = serde_json::from_str(document).map_err(|error| format!("not JSON: {error}"))?;
    if text(&proof, "format")? != "airside.proof/1" {
        return Err("not a proof of format airside.proof/1".into());
    }
    let checkpoint = signed_checkpoint(text(&proof, "checkpoint")?, key)?;
    let stream = match proof.get("stream") {
        Some(Value::Null) => None,
        Some(Value::String(stream)) => Some(stream.clone()),
        _ => return Err("stream is neither a text nor null".into()),
    };
    let listed = proof.get("events").and_then(Value::as_array).ok_or("events is no list")?;
    let mut events: Vec<(u64, String, u64, String)> = Vec::new();
    for (at, event) in (0..).zip(listed) {
        let shown =
            included(event, &checkpoint).map_err(|error| format!("event {at} of the proof: {error}"))?;
        if let Some(stream) = &stream {
            if shown.1 != *stream || shown.2 != at {
                return Err(format!("event {at} of the proof is not revision {at} of {stream}"));
            }
            if events.last().is_some_and(|before| before.0 >= shown.0) {
                return Err(format!("event {at} of the proof does not lie after the one before it"));
            }
        }
        events.push(shown);
    }
    match (events.len(), &stream) {
        (0, _) => Err("the proof holds no event".into()),
        (2.., None) => Err("the proof holds several events and names no stream".into()),
        _ => Ok(Shown { checkpoint, stream, events }),
    }
}

/// Reads a note, checks its signature, and reads the checkpoint in it.
fn signed_checkpoint(note: &str, key: &str) -> Result<Checkpoint, String> {
    let (text, signatures) = note.split_once("\n\n").ok_or("the note has no empty line")?;
    let text = format!("{text}\n");
    let (name, hash, public) = parse_key(key)?;
    let signatures = signatures.strip_suffix('\n').ok_or("the note does not end in a line feed")?;
    let mut is_signed = false;
    for line in signatures.split('\n') {
        let line = line.strip_prefix("\u{2014} ").ok_or("a signature line has no dash")?;
        let (signer, bytes) = line.split_once(' ').ok_or("a signature line has no signature")?;
        let bytes = decode(bytes, "signature")?;
        let (key_hash, signature) = bytes.split_at_checked(4).ok_or("a signature is too short")?;
        if signer == name && key_hash == hash {
            let signature = Signature::from_slice(signature).map_err(|_| "a signature is not of 64 bytes")?;
            public
                .verify_strict(text.as_bytes(), &signature)
                .map_err(|_| "the signature is not this key's")?;
            is_signed = true;
        }
    }
    if !is_signed {
        return Err(format!("the note is not signed by {name}"));
    }
    let mut lines = text.lines().map(str::to_owned);
    let origin = lines.next().filter(|line| line.starts_with("airside.log/")).ok_or("not a log's origin")?;
    let size = lines.next().and_then(|line| line.parse().ok()).ok_or("the size is no number")?;
    let root = hash_of(&lines.next().ok_or("the checkpoint has no root")?, "root")?;
    Ok(Checkpoint { origin, size, rest: lines.collect(), root })
}

/// Reads `name+hash+base64(0x01 || public key)`.
fn parse_key(key: &str) -> Result<(&str, [u8; 4], VerifyingKey), String> {
    let mut parts = key.splitn(3, '+');
    let (Some(name), Some(hash), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("the key has not the form name+hash+key".into());
    };
    let bytes = decode(encoded, "key")?;
    let digest = Sha256::digest([name.as_bytes(), b"\n", &bytes].concat());
    let expected = [digest[0], digest[1], digest[2], digest[3]];
    if format!("{:08x}", u32::from_be_bytes(expected)) != hash {
        return Err("the hash of the key does not belong to it".into());
    }
    let public = bytes.strip_prefix(&[1]).and_then(|public| <&Hash>::try_from(public).ok());
    let public = public.and_then(|public| VerifyingKey::from_bytes(public).ok());
    Ok((name, expected, public.ok_or("the key is no Ed25519 key")?))
}

/// Computes an event's leaf and walks up its path to the root.
fn included(event: &Value, checkpoint: &Checkpoint) -> Result<(u64, String, u64, String), String> {
    let index = number(event, "index")?;
    if index >= checkpoint.size {
        return Err(format!("index {index} is not below {}", checkpoint.size));
    }
    let path = event.get("path").and_then(Value::as_array).ok_or("path is no list")?;
    let (mut at, mut last, mut hash) = (index, checkpoint.size - 1, leaf(event)?);
    for sibling in path {
        let sibling = hash_of(sibling.as_str().ok_or("a hash of the path is no text")?, "path")?;
        if last == 0 {
            return Err("the path is too long".into());
        }
        if at % 2 == 1 || at == last {
            hash = node(&sibling, &hash);
            while at % 2 == 0 && at != 0 {
                (at, last) = (at / 2, last / 2);
            }
        } else {
            hash = node(&hash, &sibling);
        }
        (at, last) = (at / 2, last / 2);
    }
    if last != 0 || hash != checkpoint.root {
        return Err("its path does not lead to the signed root".into());
    }
    Ok((index, text(event, "stream")?.into(), number(event, "revision")?, text(event, "type")?.into()))
}

fn leaf(event: &Value) -> Result<Hash, String> {
    let mut bytes = vec![0, 1];
    bytes.extend(number(event, "revision")?.to_le_bytes());
    bytes.extend(uuid(text(event, "id")?)?);
    let version =
        u32::try_from(number(event, "schema_version")?).map_err(|_| "schema_version is too large")?;
    bytes.extend(version.to_le_bytes());
    for field in ["occurred_us", "recorded_us"] {
        let time = event.get(field).and_then(Value::as_i64).ok_or_else(|| format!("{field} is no number"))?;
        bytes.extend(time.to_le_bytes());
    }
    bytes.extend(number(event, "fold_from")?.to_le_bytes());
    let (metadata, payload) = (text(event, "metadata")?, text(event, "payload")?);
    for part in [
        text(event, "stream")?.as_bytes().to_vec(),
        text(event, "type")?.as_bytes().to_vec(),
        decode(metadata, "metadata")?,
        decode(payload, "payload")?,
    ] {
        bytes.extend(u32::try_from(part.len()).map_err(|_| "a part is too long")?.to_le_bytes());
        bytes.extend(part);
    }
    Ok(Sha256::digest(&bytes).into())
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::digest([&[1], &left[..], &right[..]].concat()).into()
}

fn text<'a>(object: &'a Value, field: &str) -> Result<&'a str, String> {
    object.get(field).and_then(Value::as_str).ok_or_else(|| format!("{field} is no text"))
}

fn number(object: &Value, field: &str) -> Result<u64, String> {
    object.get(field).and_then(Value::as_u64).ok_or_else(|| format!("{field} is no number"))
}

fn decode(encoded: &str, what: &str) -> Result<Vec<u8>, String> {
    STANDARD.decode(encoded).map_err(|_| format!("{what} is no base64"))
}

fn hash_of(encoded: &str, what: &str) -> Result<Hash, String> {
    decode(encoded, what)?.try_into().map_err(|_| format!("{what} is not of 32 bytes"))
}

fn uuid(id: &str) -> Result<[u8; 16], String> {
    let bad = || format!("id {id:?} is no UUID");
    let groups: Vec<&str> = id.split('-').collect();
    if groups.iter().map(|group| group.len()).ne([8, 4, 4, 4, 12]) || id.bytes().any(|byte| byte == b'+') {
        return Err(bad());
    }
    u128::from_str_radix(&groups.concat(), 16).map(u128::to_be_bytes).map_err(|_| bad())
}
