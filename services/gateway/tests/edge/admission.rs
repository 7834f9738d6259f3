//! Every rpc of every proto, called by everybody: each is admitted or refused
//! as its rule in the proto says. The expectation is computed here from the
//! descriptors, not by the code under test.

use airside_api::access::v1::Rule;
use airside_gateway::{GatewayConfig, Methods};
use airside_runtime::auth::{Caller, Environment, StaffRole};
use jiff::SignedDuration;
use tonic::{Code, Request, Status, client::Grpc, transport::Channel};
use tonic_prost::ProstCodec;

use crate::house::{House, NAVIGATION, now, partner, passenger, staff, tokens, with_token};

/// One who calls: how they are called here, the token they send, and who they are.
/// A caller of `None` sends a token that is no good.
type Visitor = (&'static str, Option<String>, Option<Caller>);

fn visitors(house: &House) -> Vec<Visitor> {
    let good = |name, caller: Caller| (name, Some(house.token(&caller)), Some(caller));
    let ttl = SignedDuration::from_mins(10);
    let before = now() - SignedDuration::from_hours(1);
    let expired = house.tokens.mint(&staff(&StaffRole::ALL), ttl, before).unwrap();
    let foreign = tokens(Environment::Trial).mint(&staff(&StaffRole::ALL), ttl, now()).unwrap();
    vec![
        ("nobody", None, Some(Caller::Anonymous)),
        ("garbage", Some("garbage".to_owned()), None),
        ("expired", Some(expired), None),
        ("another environment", Some(foreign), None),
        good("passenger", passenger()),
        good("partner", partner()),
        good("staff without a role", staff(&[])),
        good("viewer", staff(&[StaffRole::Viewer])),
        good("agent", staff(&[StaffRole::Agent])),
        good("operator", staff(&[StaffRole::Operator])),
    ]
}

/// What the words of `rule.proto` say.
fn expect(rule: &Rule, visitor: &Visitor) -> Option<Code> {
    let denied = Some(Code::PermissionDenied);
    match &visitor.2 {
        None => Some(Code::Unauthenticated),
        Some(_) if rule.public => None,
        Some(Caller::Anonymous) => Some(Code::Unauthenticated),
        Some(Caller::Passenger(_)) => {
            if rule.passenger_own {
                None
            } else {
                denied
            }
        }
        Some(Caller::Partner { .. }) => {
            if rule.partner {
                None
            } else {
                denied
            }
        }
        Some(Caller::Staff { roles, .. }) => {
            let number = |role: &StaffRole| match role {
                StaffRole::Viewer => 1,
                StaffRole::Agent => 2,
                StaffRole::Operator => 3,
            };
            if roles.iter().any(|role| rule.staff.contains(&number(role))) { None } else { denied }
        }
    }
}

/// Calls an rpc with an empty message; `None` when it was admitted.
async fn refused(channel: &Channel, path: &str, token: Option<&str>, is_stream: bool) -> Option<Status> {
    let mut grpc = Grpc::new(channel.clone());
    grpc.ready().await.unwrap();
    let request = token.map_or_else(|| Request::new(()), |token| with_token((), token));
    let (path, codec) = (path.parse().unwrap(), ProstCodec::<(), ()>::default());
    let answer = match is_stream {
        true => grpc.server_streaming(request, path, codec).await.map(|_| ()),
        false => grpc.unary(request, path, codec).await.map(|_| ()),
    };
    let status = answer.err()?;
    matches!(status.code(), Code::Unauthenticated | Code::PermissionDenied).then_some(status)
}

#[tokio::test]
async fn every_rpc_admits_and_refuses_as_its_rule_says() {
    let house = House::open().await;
    let channel = house.channel().await;
    let visitors = visitors(&house);
    let pool = airside_api::pool();
    let extension = pool.get_extension_by_name("airside.access.v1.rule").unwrap();
    let mut calls = 0;
    for service in pool.services() {
        for method in service.methods() {
            let path = format!("/{}/{}", service.full_name(), method.name());
            let options = method.options();
            assert!(options.has_extension(&extension), "{path} has no rule");
            let rule: Rule = options.get_extension(&extension).as_message().unwrap().transcode_to().unwrap();
            assert_ne!(rule, Rule::default(), "{path} admits nobody");
            for visitor in &visitors {
                let is_stream = method.is_server_streaming();
                let refusal = refused(&channel, &path, visitor.1.as_deref(), is_stream).await;
                let code = refusal.as_ref().map(Status::code);
                assert_eq!(code, expect(&rule, visitor), "{path} by {}: {refusal:?}", visitor.0);
                calls += 1;
            }
        }
    }
    assert!(calls >= 200, "{calls} calls are too few: the walk lost something");
}

#[tokio::test]
async fn json_is_admitted_and_refused_like_grpc() {
    let house = House::open().await;
    let visitors = visitors(&house);
    let methods = Methods::from_pool(airside_api::pool()).unwrap();
    let channel = house.channel().await;
    for method in methods.iter().filter(|method| method.is_unary && method.messages.is_some()) {
        for (name, token, _) in &visitors {
            let grpc = refused(&channel, &method.path, token.as_deref(), false).await;
            let (status, body) = house.post(&method.path, token.as_deref(), "{}").await;
            match grpc.map(|status| status.code()) {
                Some(Code::Unauthenticated) => {
                    assert_eq!((status, &body["code"]), (401, &"unauthenticated".into()));
                }
                Some(_) => {
                    assert_eq!((status, &body["code"]), (403, &"permission_denied".into()));
                }
                None => assert!(status != 401 && status != 403, "{} by {name}: {body}", method.path),
            }
        }
    }
}

#[tokio::test]
async fn a_refusal_says_what_is_wrong_and_who_is_admitted() {
    let house = House::open().await;
    let path = format!("{NAVIGATION}/SetClosure");
    let messages: Vec<(&str, String)> = {
        let mut messages = Vec::new();
        for (name, token, _) in visitors(&house) {
            let (_, body) = house.post(&path, token.as_deref(), "{}").await;
            messages.push((name, body["message"].as_str().unwrap_or_default().to_owned()));
        }
        messages
    };
    for (name, expect) in [
        ("nobody", "staff as operator"),
        ("garbage", "malformed"),
        ("expired", "expired"),
        ("another environment", "another environment than develop"),
        ("passenger", "staff as operator"),
        ("agent", "staff as operator"),
    ] {
        let (_, message) = messages.iter().find(|(other, _)| *other == name).unwrap();
        assert!(message.contains(expect), "{name}: {message}");
    }
}

#[tokio::test]
async fn an_authorization_that_is_not_one_bearer_token_is_refused() {
    let house = House::open().await;
    let token = house.token(&passenger());
    let path = format!("{NAVIGATION}/ListVenues");
    for (headers, expect) in [
        (format!("authorization: bearer {token}\r\n"), 200),
        (format!("authorization: Basic {token}\r\n"), 401),
        (format!("authorization: {token}\r\n"), 401),
        ("authorization: \r\n".to_owned(), 401),
        ("authorization: Bearer \r\n".to_owned(), 401),
        (format!("authorization: Bearer {token}\r\nauthorization: Bearer {token}\r\n"), 401),
        ("authorization: Bearer \u{7f}\r\n".to_owned(), 400),
    ] {
        let headers = format!("content-type: application/json\r\n{headers}");
        let (status, head, _) = house.http("POST", &path, &headers, b"{}").await;
        assert_eq!(status, expect, "{headers}");
        assert_eq!(head.contains("www-authenticate: Bearer"), status == 401, "{head}");
    }
}

#[tokio::test]
async fn develop_does_not_listen_in_public() {
    use std::sync::Arc;
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let metrics = airside_runtime::telemetry::Metrics::register(&mut Default::default());
    let gateway = airside_gateway::Gateway::new(
        tonic::service::Routes::default(),
        Arc::new(tokens(Environment::Develop)),
        Arc::new(airside_kernel::SystemClock),
        metrics,
    )
    .with_config(GatewayConfig::default());
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let error = gateway.serve(listener, stopped).await.unwrap_err();
    assert!(error.to_string().contains("not loopback"), "{error}");
}
