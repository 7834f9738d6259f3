//! From which streams the answer of a unary read is made, as its proto says.
//!
//! Each stream is a category and what stands for its id, such as
//! `bag-{request.plate}`: a path through the request or the answer to a text, or
//! the caller. Where a part of a path is a list, every item counts; an empty
//! text names no stream.

use std::{collections::BTreeSet, fmt};

use airside_kernel::{PersonId, StreamId};
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, Value,
};

/// The option that says the streams.
const LIVE: &str = "airside.access.v1.live";
/// How many streams one answer is watched for; far above what an answer names.
const MAX_STREAMS: usize = 64;

/// The streams that the answer of an rpc is made from.
#[derive(Debug, Clone)]
pub struct Live(Vec<Stream>);

#[derive(Clone)]
struct Stream {
    category: String,
    id: Id,
}

#[derive(Clone)]
enum Id {
    Caller,
    Request(Vec<FieldDescriptor>),
    Answer(Vec<FieldDescriptor>),
}

impl Live {
    /// Reads what an rpc says; `None` when it says nothing.
    ///
    /// # Errors
    /// Which stream makes no sense, and why.
    pub(crate) fn of(
        pool: &DescriptorPool,
        method: &MethodDescriptor,
    ) -> Result<Option<Self>, (String, &'static str)> {
        let Some(extension) = pool.get_extension_by_name(LIVE) else { return Ok(None) };
        let options = method.options();
        let said = options.get_extension(&extension);
        let said = said.as_list().unwrap_or_default().iter().filter_map(Value::as_str);
        let streams =
            said.map(|stream| Stream::read(stream, method).map_err(|problem| (stream.to_owned(), problem)));
        let streams = streams.collect::<Result<Vec<_>, _>>()?;
        Ok((!streams.is_empty()).then_some(Self(streams)))
    }

    /// Returns the streams that are known from who asks, and what.
    pub(crate) fn asked(&self, caller: PersonId, request: &DynamicMessage) -> BTreeSet<StreamId> {
        self.streams(|id, found| match id {
            Id::Caller => found(&caller.to_string()),
            Id::Request(path) => texts(request, path, found),
            Id::Answer(_) => {}
        })
    }

    /// Returns the streams that are known from an answer.
    pub(crate) fn answered(&self, answer: &DynamicMessage) -> BTreeSet<StreamId> {
        self.streams(|id, found| match id {
            Id::Answer(path) => texts(answer, path, found),
            Id::Caller | Id::Request(_) => {}
        })
    }

    fn streams(&self, ids: impl Fn(&Id, &mut dyn FnMut(&str))) -> BTreeSet<StreamId> {
        let mut streams = BTreeSet::new();
        for stream in &self.0 {
            ids(&stream.id, &mut |id| {
                // What can be no name is no stream, so nothing ever changes there.
                if streams.len() < MAX_STREAMS
                    && let Ok(named) = StreamId::new(&stream.category, id)
                {
                    streams.insert(named);
                }
            });
        }
        streams
    }
}

impl Stream {
    fn read(text: &str, method: &MethodDescriptor) -> Result<Self, &'static str> {
        if method.is_client_streaming() || method.is_server_streaming() {
            return Err("only a unary rpc can be live");
        }
        let split =
            text.split_once("-{").and_then(|(category, rest)| Some((category, rest.strip_suffix('}')?)));
        let (category, id) = split.ok_or("write a category and an id, such as bag-{request.plate}")?;
        if !category.bytes().all(|byte| byte.is_ascii_lowercase()) || category.is_empty() {
            return Err("a category is of lower-case letters");
        }
        let id = match id.split_once('.') {
            None if id == "caller" => Id::Caller,
            Some(("request", path)) => Id::Request(fields(method.input(), path)?),
            Some(("answer", path)) => Id::Answer(fields(method.output(), path)?),
            _ => return Err("an id is {caller}, or a field as {request.…} or {answer.…}"),
        };
        Ok(Self { category: category.to_owned(), id })
    }
}

/// Finds the fields of a path, the last of which holds text.
fn fields(mut message: MessageDescriptor, path: &str) -> Result<Vec<FieldDescriptor>, &'static str> {
    let mut names = path.split('.').peekable();
    let mut fields = Vec::new();
    while let Some(name) = names.next() {
        let field = message.get_field_by_name(name).ok_or("there is no such field")?;
        match (field.kind(), names.peek()) {
            (Kind::Message(inner), Some(_)) if !field.is_map() => message = inner,
            (Kind::String, None) => {}
            _ => return Err("a path goes through messages to a text"),
        }
        fields.push(field);
    }
    Ok(fields)
}

/// Finds the texts at the end of a path.
fn texts(message: &DynamicMessage, path: &[FieldDescriptor], found: &mut dyn FnMut(&str)) {
    let Some((field, rest)) = path.split_first() else { return };
    let value = message.get_field(field);
    let values = value.as_list().unwrap_or_else(|| std::slice::from_ref(value.as_ref()));
    for value in values {
        match value {
            Value::Message(inner) => texts(inner, rest, found),
            Value::String(text) if !text.is_empty() => found(text),
            _ => {}
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path =
            |path: &[FieldDescriptor]| path.iter().map(FieldDescriptor::name).collect::<Vec<_>>().join(".");
        match &self.id {
            Id::Caller => write!(f, "{}-{{caller}}", self.category),
            Id::Request(fields) => write!(f, "{}-{{request.{}}}", self.category, path(fields)),
            Id::Answer(fields) => write!(f, "{}-{{answer.{}}}", self.category, path(fields)),
        }
    }
}

#[cfg(test)]
mod tests {
    use airside_api::baggage::v1::{BagStep, GetBagJourneyRequest, GetBagJourneyResponse, NextBagStep};
    use prost::Message;
    use uuid::Uuid;

    use super::*;

    fn method(name: &str) -> MethodDescriptor {
        let service = airside_api::pool().get_service_by_name("airside.baggage.v1.BaggageService").unwrap();
        service.methods().find(|method| method.name() == name).unwrap()
    }

    fn dynamic(descriptor: MessageDescriptor, message: &impl Message) -> DynamicMessage {
        DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice()).unwrap()
    }

    fn names(streams: BTreeSet<StreamId>) -> Vec<String> {
        streams.into_iter().map(|stream| stream.to_string()).collect()
    }

    #[test]
    fn a_bag_is_made_from_its_plates_its_flights_and_who_follows_it() {
        let method = method("GetBagJourney");
        let live = Live::of(airside_api::pool(), &method).unwrap().unwrap();
        let me = PersonId(Uuid::nil());
        let request = GetBagJourneyRequest { plate: "0479000001".into(), ..GetBagJourneyRequest::default() };
        let asked = names(live.asked(me, &dynamic(method.input(), &request)));
        assert_eq!(asked, ["bag-0479000001", "person-00000000-0000-0000-0000-000000000000"]);
        let step = |flight: &str| BagStep { flight: flight.into(), ..BagStep::default() };
        let answer = GetBagJourneyResponse {
            plates: vec!["0479000001".into(), "1479000001".into()],
            steps: vec![step(""), step("ZH9101-20261120"), step("ZH9101-20261120")],
            next: Some(NextBagStep { flight: "CA1-20261121".into(), ..NextBagStep::default() }),
            ..GetBagJourneyResponse::default()
        };
        let answered = names(live.answered(&dynamic(method.output(), &answer)));
        let flights = ["flight-CA1-20261121", "flight-ZH9101-20261120"];
        assert_eq!(answered, [["bag-0479000001", "bag-1479000001"], flights].concat());
    }

    #[test]
    fn what_can_be_no_name_is_no_stream() {
        let method = method("GetBagJourney");
        let live = Live::of(airside_api::pool(), &method).unwrap().unwrap();
        for plate in ["", "行李", "1 2", &"1".repeat(300)] {
            let request = GetBagJourneyRequest { plate: plate.into(), ..GetBagJourneyRequest::default() };
            let asked = live.asked(PersonId(Uuid::nil()), &dynamic(method.input(), &request));
            assert_eq!(names(asked), ["person-00000000-0000-0000-0000-000000000000"], "{plate}");
        }
    }

    #[test]
    fn a_stream_that_makes_no_sense_is_refused() {
        let method = method("GetBagJourney");
        for good in ["bag-{request.plate}", "flight-{answer.next.flight}", "person-{caller}"] {
            assert_eq!(format!("{:?}", Stream::read(good, &method).unwrap()), good);
        }
        for (text, names) in [
            ("bag", "a category and an id"),
            ("bag-{request.plate", "a category and an id"),
            ("Bag-{caller}", "lower-case"),
            ("-{caller}", "lower-case"),
            ("bag-{plate}", "an id is"),
            ("bag-{request.tag}", "no such field"),
            ("bag-{answer.next}", "to a text"),
            ("bag-{request.plate.x}", "to a text"),
        ] {
            let problem = Stream::read(text, &method).unwrap_err();
            assert!(problem.contains(names), "{text}: {problem}");
        }
        assert!(Stream::read("bag-{request.plate}", &self::method("WatchBag")).is_err());
    }
}
