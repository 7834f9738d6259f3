//! JSON in Connect shape, as `curl` sends it over HTTP/1.1.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{
    House,
    calls::{announce, follow},
    http::{get, post},
    luggage::Luggage,
};

const RECORD_SCANS: &str = "airside.baggage.v1.BaggageService/RecordScans";
const GET_BAG: &str = "airside.baggage.v1.BaggageService/GetBag";
const FIND_ROUTE: &str = "airside.navigation.v1.NavigationService/FindRoute";

fn a_scan(plate: &str) -> String {
    json!({"source": "bhs.t3", "scans": [{
        "scanId": "j1", "plate": plate, "point": "TRACKING_POINT_SORTATION", "station": "SZX",
        "observedAt": Timestamp::now().to_string(), "location": "M12",
    }]})
    .to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn json_speaks_like_grpc() {
    let house = House::open().await;
    let (to, callers, person) = (house.node.public, &house.callers, Uuid::new_v4());
    let bag = Luggage::new("3479000901");
    announce(&callers.partner(), &bag).await;
    follow(&callers.passenger(person), &bag).await;

    let partner = callers.endpoint.tokens.partner.as_str();
    let scanned = post(to, RECORD_SCANS, partner, &a_scan(&bag.plate)).await;
    assert_eq!(scanned.status, 200, "{scanned:?}");
    assert!(scanned.head.contains("content-type: application/json"), "{}", scanned.head);
    let scanned = scanned.json();
    assert_eq!(scanned["outcomes"], json!([{"scanId": "j1", "result": "SCAN_RESULT_RECORDED"}]));

    let question = json!({"plate": bag.plate, "atLeastPosition": scanned["position"]}).to_string();
    let known = post(to, GET_BAG, &callers.passenger_token(person), &question).await;
    assert_eq!(known.status, 200, "{known:?}");
    let known = known.json();
    assert_eq!(known["bag"]["status"]["stage"], "STAGE_SORTED");
    assert_eq!(known["bag"]["timeline"].as_array().unwrap().len(), 2);
    assert_eq!(known["bag"]["passenger"], "ZHANG/SAN");

    let question = json!({"venue": "testville", "from": {"place": "Metro"}, "to": {"place": "A3"}});
    let route = post(to, FIND_ROUTE, "", &question.to_string()).await;
    assert_eq!(route.status, 200, "{route:?}");
    let route = route.json();
    assert_eq!(route["found"], true);
    assert!(route["lengthM"].as_f64().unwrap() > 0.0);
    assert!(!route["steps"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_in_json_says_its_code_and_what_to_do() {
    let house = House::open().await;
    let (to, callers) = (house.node.public, &house.callers);
    let partner = callers.endpoint.tokens.partner.as_str();
    let passenger = callers.passenger_token(Uuid::new_v4());
    let scan = a_scan("3479000902");
    for (rpc, token, body, status, code, word) in [
        (RECORD_SCANS, "", scan.as_str(), 401, "unauthenticated", "token"),
        (RECORD_SCANS, "nonsense", scan.as_str(), 401, "unauthenticated", "token"),
        (RECORD_SCANS, passenger.as_str(), scan.as_str(), 403, "permission_denied", ""),
        (GET_BAG, partner, r#"{"plate":"3479000999"}"#, 404, "not_found", "bag not found"),
        (GET_BAG, partner, r#"{"plate":"12"}"#, 400, "invalid_argument", "plate: "),
        (GET_BAG, partner, r#"{"plaet":"3479000902"}"#, 400, "invalid_argument", "plaet"),
        (GET_BAG, partner, "{", 400, "invalid_argument", "body"),
        (GET_BAG, partner, "", 400, "invalid_argument", "body"),
        ("airside.baggage.v1.BaggageService/Teleport", partner, "{}", 404, "unimplemented", "path"),
        ("airside.baggage.v1.BaggageService/WatchBag", partner, "{}", 501, "unimplemented", "gRPC"),
        ("airside.baggage.v1.BaggageService/StreamScans", partner, "{}", 501, "unimplemented", "gRPC"),
    ] {
        let answer = post(to, rpc, token, body).await;
        let said = answer.json();
        let keys: Vec<_> = said.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["code", "message"]);
        assert_eq!((answer.status, said["code"].as_str()), (status, Some(code)), "{rpc} {body}: {answer:?}");
        let message = said["message"].as_str().unwrap();
        assert!(!message.is_empty() && message.contains(word), "{rpc} {body}: {message}");
    }
    let wrong_method = get(to, &format!("/{GET_BAG}")).await;
    assert_eq!((wrong_method.status, &wrong_method.json()["code"]), (405, &Value::from("unimplemented")));
    let welcome = get(to, "/").await;
    assert!(welcome.status == 200 && welcome.body.contains("Airside"), "{welcome:?}");
}
