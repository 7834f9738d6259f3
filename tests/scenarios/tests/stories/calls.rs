//! Who may call: every wrong token is refused, and says what to do.

use airside_api::{
    baggage::v1::{ScanResult, TrackingPoint},
    notifications::v1::ListNotificationsRequest,
};
use airside_kernel::PersonId;
use airside_runtime::auth::{Caller, Environment, StaffRole, Tokens};
use airside_simulator::connect::{Bearer, Clients};
use jiff::{SignedDuration, Timestamp};
use prost_reflect::{MethodDescriptor, Value};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::harness::{
    House,
    calls::{record, scans},
    http::post,
    luggage::scan,
};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

async fn refusal(house: &House, token: &str) -> Status {
    let caller = Clients::new(&house.callers.channel(), &Bearer::new(token, "tester").unwrap());
    let one = scan("s1", "3479001001", TrackingPoint::CheckIn);
    caller.baggage.clone().record_scans(scans([one])).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_token_is_refused_with_its_remedy() {
    let house = House::open().await;
    let tokens = &house.callers.tokens;
    let partner = Caller::Partner { id: "zh".to_owned() };
    let now = Timestamp::now();
    let expired = tokens.mint(&partner, HOUR, now - HOUR * 2).unwrap();
    let early = tokens.mint(&partner, HOUR, now + HOUR).unwrap();
    let good = tokens.mint(&partner, HOUR, now).unwrap();
    let (head, tail) = good.split_at(good.len() - 9);
    let forged = format!("{head}{}{}", if tail.starts_with('x') { 'y' } else { 'x' }, &tail[1..]);
    let key = airside_server::token_key(house.folder(), Environment::Develop).unwrap();
    let trial = Tokens::new(Environment::Trial, &key).unwrap().mint(&partner, HOUR, now).unwrap();
    for (token, word) in [
        ("nonsense", "not a JSON web token"),
        (expired.as_str(), "expired: ask for a new one"),
        (early.as_str(), "not valid yet"),
        (forged.as_str(), "not signed by this system"),
        (trial.as_str(), "another environment than develop"),
    ] {
        let status = refusal(&house, token).await;
        assert_eq!(status.code(), Code::Unauthenticated, "{word}");
        assert!(status.message().contains(word), "{word}: {}", status.message());
        assert!(!status.message().contains(token), "a refusal repeats the token");
    }
    let good = Clients::new(&house.callers.channel(), &Bearer::new(&good, "tester").unwrap());
    let one = scan("s1", "3479001001", TrackingPoint::CheckIn);
    assert_eq!(record(&good, one).await, ScanResult::Recorded, "a refused call left something behind");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_token_only_public_calls_are_answered() {
    let house = House::open().await;
    let channel = house.callers.channel();
    let mut baggage =
        airside_api::baggage::v1::baggage_service_client::BaggageServiceClient::new(channel.clone());
    let one = scan("s1", "3479001002", TrackingPoint::CheckIn);
    let status = baggage.record_scans(scans([one])).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    assert!(status.message().contains("token"), "{}", status.message());

    let mut ways =
        airside_api::navigation::v1::navigation_service_client::NavigationServiceClient::new(channel);
    let venues = ways.list_venues(airside_api::navigation::v1::ListVenuesRequest {}).await.unwrap();
    assert_eq!(venues.into_inner().venues[0].code, "testville");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_is_no_passenger_and_a_passenger_no_partner() {
    let house = House::open().await;
    let partner = house.callers.partner();
    let inbox = partner.notifications.clone().list_notifications(ListNotificationsRequest::default()).await;
    assert_eq!(inbox.unwrap_err().code(), Code::PermissionDenied);

    let person = Caller::Passenger(PersonId(Uuid::new_v4()));
    let token = house.callers.tokens.mint(&person, HOUR, Timestamp::now()).unwrap();
    assert_eq!(refusal(&house, &token).await.code(), Code::PermissionDenied);
}

/// Whom a rule admits, as its proto says; read here anew, so that the gateway's reading is checked.
fn admits(rpc: &MethodDescriptor, caller: &Caller) -> bool {
    let option = airside_api::pool().get_extension_by_name("airside.access.v1.rule").unwrap();
    let options = rpc.options();
    assert!(options.has_extension(&option), "{} has no rule", rpc.full_name());
    let rule = options.get_extension(&option);
    let rule = rule.as_message().unwrap();
    let says = |field: &str| rule.get_field_by_name(field).unwrap().as_bool().unwrap();
    let staff = rule.get_field_by_name("staff").unwrap();
    let staff = staff.as_list().unwrap();
    says("public")
        || match caller {
            Caller::Anonymous => false,
            Caller::Passenger(_) => says("passenger_own"),
            Caller::Partner { .. } => says("partner"),
            Caller::Staff { roles, .. } => {
                let number = |role: &StaffRole| match role {
                    StaffRole::Viewer => 1,
                    StaffRole::Agent => 2,
                    StaffRole::Operator => 3,
                };
                roles.iter().any(|role| staff.contains(&Value::EnumNumber(number(role))))
            }
        }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_rpc_refuses_each_wrong_identity() {
    let house = House::open().await;
    let staff = |roles: &[StaffRole]| Caller::Staff { id: "desk7".to_owned(), roles: roles.to_vec() };
    let callers = [
        Caller::Anonymous,
        Caller::Passenger(PersonId(Uuid::new_v4())),
        Caller::Partner { id: "zh".to_owned() },
        staff(&[]),
        staff(&[StaffRole::Viewer]),
        staff(&[StaffRole::Agent]),
        staff(&[StaffRole::Operator]),
    ];
    let (mut rpcs, mut refused) = (0, 0);
    for rpc in airside_api::pool().services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
        let path = format!("{}/{}", rpc.parent_service().full_name(), rpc.name());
        for caller in &callers {
            let token = house.callers.tokens.mint(caller, HOUR, Timestamp::now()).unwrap_or_default();
            let answer = post(house.node.public, &path, &token, "{}").await;
            let expected = match (admits(&rpc, caller), caller) {
                (true, _) => None,
                (false, Caller::Anonymous) => Some(401),
                (false, _) => Some(403),
            };
            let refusal = Some(answer.status).filter(|status| matches!(status, 401 | 403));
            assert_eq!(refusal, expected, "{path} for {caller:?}: {answer:?}");
            refused += usize::from(refusal.is_some());
        }
        let forged = post(house.node.public, &path, "nonsense", "{}").await;
        assert_eq!(forged.status, 401, "{path} with a token that is none");
        rpcs += 1;
    }
    assert!(rpcs >= 20 && refused >= rpcs, "{rpcs} rpcs, {refused} refusals");
}
