//! The recording of a real server, replayed step by step against the double:
//! what the double answers is what the real one answered.
//!
//! How to compare is said in the README beside the recording. Not replayed is
//! "a deadline that has passed": the caller's own clock ends that call before a
//! server sees it, so it would only prove the caller.

mod shape;

use std::{env, fs, path::PathBuf, sync::Arc, time::Duration};

use airside_contract::double::Double;
use airside_kernel::SystemClock;
use airside_store::kurrent::wire::{
    Empty,
    gossip::gossip_client::GossipClient,
    server_features::server_features_client::ServerFeaturesClient,
    streams::{
        AppendReq, BatchAppendReq, BatchAppendResp, DeleteReq, ReadReq, TombstoneReq,
        streams_client::StreamsClient,
    },
};
use prost::Message;
use serde_json::{Value, json};
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Status, transport::Channel};

use self::shape::Shapes;

/// How long an answer may take.
const WITHIN: Duration = Duration::from_secs(20);

/// The steps that are not replayed.
const NOT_REPLAYED: [&str; 1] = ["a deadline that has passed"];

/// What came of a call.
#[derive(Default)]
struct Answered {
    responses: Vec<Value>,
    end: Option<Status>,
}

fn recording() -> Option<Vec<Value>> {
    let data = env::var("AIRSIDE_DATA").map_or_else(
        |_| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")),
        PathBuf::from,
    );
    let path = data.join("kurrentdb/streams.json");
    match fs::read(&path) {
        Ok(bytes) => {
            let found: Value = serde_json::from_slice(&bytes).unwrap();
            Some(found["steps"].as_array().unwrap().clone())
        }
        Err(error) => {
            assert!(env::var_os("AIRSIDE_DATA_REQUIRED").is_none(), "{}: {error}", path.display());
            eprintln!("SKIPPED: {} is not here", path.display());
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_double_answers_the_recorded_steps_as_the_real_server_did() {
    let Some(steps) = recording() else { return };
    let double = Double::start(1, Arc::new(SystemClock)).unwrap();
    let channel =
        Channel::from_shared(format!("http://{}", double.address(0))).unwrap().connect().await.unwrap();
    let mut replay = Replay { channel, shapes: Shapes::new() };
    let mut meanwhile = None;
    let mut replayed = 0;
    for step in &steps {
        let name = step["name"].as_str().unwrap();
        if NOT_REPLAYED.contains(&name) {
            continue;
        }
        replayed += 1;
        if name.starts_with("...") {
            meanwhile = Some(step);
            continue;
        }
        replay.step(step, meanwhile.take()).await;
    }
    assert_eq!(replayed, steps.len() - NOT_REPLAYED.len());
    assert!(replayed > 60, "the recording has only {replayed} steps");
}

struct Replay {
    channel: Channel,
    shapes: Shapes,
}

impl Replay {
    async fn step(&mut self, step: &Value, meanwhile: Option<&Value>) {
        let name = step["name"].as_str().unwrap();
        let answered = match meanwhile {
            Some(inner) => self.subscribed(step, inner).await,
            None => self.call(step).await,
        };
        self.compare(name, step, &answered);
    }

    fn compare(&mut self, name: &str, step: &Value, answered: &Answered) {
        let call = step["call"].as_str().unwrap();
        let code = answered.end.as_ref().map_or("(cancelled by the caller)", |status| words(status.code()));
        assert_eq!(code, step["end"]["code"].as_str().unwrap(), "{name}: {:?}", answered.end);
        if let Some(trailers) = step["end"]["trailers"].as_object() {
            let status = answered.end.as_ref().unwrap();
            for (key, value) in trailers {
                let found = status.metadata().get(key).map(|value| value.to_str().unwrap());
                assert_eq!(found, value.as_str(), "{name}: trailer {key}");
            }
        }
        let expected = step["responses"].as_array().unwrap();
        if call.starts_with("ServerFeatures") {
            assert!(answered.responses[0]["event_store_server_version"].is_string());
            return;
        }
        assert_eq!(answered.responses.len(), expected.len(), "{name}: {:#?}", answered.responses);
        for (expected, found) in expected.iter().zip(&answered.responses) {
            self.shapes.compare(name, expected, found);
        }
    }

    fn streams(&self) -> StreamsClient<Channel> {
        StreamsClient::new(self.channel.clone()).max_decoding_message_size(32 << 20)
    }

    fn request<T>(&self, step: &Value, message: T) -> Request<T> {
        let mut request = Request::new(message);
        match step["name"].as_str().unwrap() {
            "requires-leader on the leader" => {
                request.metadata_mut().insert("requires-leader", "true".parse().unwrap());
            }
            "wrong credentials on an insecure node" => {
                request.metadata_mut().insert("authorization", "Basic bm9ib2R5Om5vdGhpbmc=".parse().unwrap());
            }
            _ => {}
        }
        request
    }

    fn one<T: Message + Default>(&self, kind: &str, value: &Value) -> T {
        T::decode(self.shapes.encode(kind, value).as_slice()).unwrap()
    }

    async fn call(&self, step: &Value) -> Answered {
        let call = step["call"].as_str().unwrap();
        let single = |answer: Result<(&str, Vec<u8>), Status>| match answer {
            Ok((kind, bytes)) => {
                Answered { responses: vec![self.shapes.decode(kind, &bytes)], end: Some(Status::ok("")) }
            }
            Err(status) => Answered { responses: Vec::new(), end: Some(status) },
        };
        let asked = &step["request"];
        match call {
            "Streams/Append" => {
                let messages: Vec<AppendReq> =
                    asked.as_array().unwrap().iter().map(|one| self.one("streams.AppendReq", one)).collect();
                let request = self.request(step, tokio_stream::iter(messages));
                let answer = self.streams().append(request).await;
                single(answer.map(|answer| ("streams.AppendResp", answer.into_inner().encode_to_vec())))
            }
            "Streams/Delete" => {
                let message: DeleteReq = self.one("streams.DeleteReq", asked);
                let answer = self.streams().delete(message).await;
                single(answer.map(|answer| ("streams.DeleteResp", answer.into_inner().encode_to_vec())))
            }
            "Streams/Tombstone" => {
                let message: TombstoneReq = self.one("streams.TombstoneReq", asked);
                let answer = self.streams().tombstone(message).await;
                single(answer.map(|answer| ("streams.TombstoneResp", answer.into_inner().encode_to_vec())))
            }
            "Gossip/Read" => {
                let answer = GossipClient::new(self.channel.clone()).read(Empty {}).await;
                single(answer.map(|answer| ("gossip.ClusterInfo", answer.into_inner().encode_to_vec())))
            }
            "ServerFeatures/GetSupportedMethods" => {
                let mut client = ServerFeaturesClient::new(self.channel.clone());
                let answer = client.get_supported_methods(Empty {}).await;
                single(
                    answer.map(|answer| {
                        ("server_features.SupportedMethods", answer.into_inner().encode_to_vec())
                    }),
                )
            }
            "Streams/Read" => self.read(step, None).await.0,
            "Streams/BatchAppend" => self.batch(step).await,
            other => panic!("the recording has a call {other}"),
        }
    }

    /// Replays an open read, and what happened while it was open just before its last answer.
    async fn subscribed(&mut self, step: &Value, inner: &Value) -> Answered {
        let (answered, during) = self.read(step, Some(inner)).await;
        self.compare(inner["name"].as_str().unwrap(), inner, &during.unwrap());
        answered
    }

    async fn read(&self, step: &Value, inner: Option<&Value>) -> (Answered, Option<Answered>) {
        let message: ReadReq = self.one("streams.ReadReq", &step["request"]);
        let mut answered = Answered::default();
        let mut during = None;
        let mut answers = match self.streams().read(self.request(step, message)).await {
            Ok(answers) => answers.into_inner(),
            Err(status) => {
                answered.end = Some(status);
                return (answered, during);
            }
        };
        let is_open = step["end"]["code"] == "(cancelled by the caller)";
        let wanted = if is_open { step["responses"].as_array().unwrap().len() } else { usize::MAX };
        while answered.responses.len() < wanted {
            if let Some(inner) = inner.filter(|_| answered.responses.len() + 1 == wanted) {
                during = Some(Box::pin(self.call(inner)).await);
            }
            match timeout(WITHIN, answers.message()).await.expect("an answer comes") {
                Ok(Some(answer)) => {
                    answered.responses.push(self.shapes.decode("streams.ReadResp", &answer.encode_to_vec()));
                }
                Ok(None) => {
                    answered.end = Some(Status::ok(""));
                    break;
                }
                Err(status) => {
                    answered.end = Some(status);
                    break;
                }
            }
        }
        (answered, during)
    }

    async fn batch(&self, step: &Value) -> Answered {
        let (out, messages) = mpsc::channel::<BatchAppendReq>(8);
        for one in step["request"].as_array().unwrap() {
            out.send(self.one("streams.BatchAppendReq", one)).await.unwrap();
        }
        let mut answers =
            self.streams().batch_append(ReceiverStream::new(messages)).await.unwrap().into_inner();
        let wanted = step["responses"].as_array().unwrap().len();
        let mut found: Vec<BatchAppendResp> = Vec::new();
        while found.len() < wanted {
            found.push(timeout(WITHIN, answers.message()).await.expect("an answer comes").unwrap().unwrap());
        }
        drop(out);
        let decode = |answer: &BatchAppendResp| {
            let mut value = self.shapes.decode("streams.BatchAppendResp", &answer.encode_to_vec());
            if let Some(code) = value.pointer_mut("/error/code") {
                let number = i32::try_from(code.as_i64().unwrap()).unwrap();
                *code = json!(words(Code::from(number)));
            }
            value
        };
        let mut responses: Vec<_> = found.iter().map(decode).collect();
        responses.sort_by_key(|answer| answer["correlation_id"]["string"].as_str().unwrap().to_owned());
        Answered { responses, end: None }
    }
}

fn words(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::NotFound => "NOT_FOUND",
        Code::Unknown => "UNKNOWN",
        _ => "another code",
    }
}
