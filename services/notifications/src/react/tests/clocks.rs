//! By whose clocks times are told, and until when a notice is of use.

use super::*;

#[tokio::test]
async fn a_time_is_told_by_the_clocks_of_the_airport_that_the_flight_leaves_from() {
    for (origin, zone) in [("SZX", "Asia/Shanghai"), ("LHR", "Europe/London"), ("QQQ", "UTC")] {
        let mut airport = Airport::new();
        let known = |code: &str| match code {
            "SZX" => TimeZone::get("Asia/Shanghai").ok(),
            "LHR" => TimeZone::get("Europe/London").ok(),
            _ => None,
        };
        airport.house.part.reactor.zones = Arc::new(known);
        airport.follows(ANN).await;
        let leg = flights::FlightLeg { origin: origin.into(), ..Default::default() };
        let scheduled = flights::FlightScheduled { legs: vec![leg], ..Default::default() };
        airport.flight("flights.FlightScheduled", scheduled).await;
        airport.flight("flights.FlightDelayed", flights::FlightDelayed::default()).await;
        assert_eq!(airport.inbox(ANN).await[0].parameter(TIME_ZONE), zone, "{origin}");
    }
}

#[tokio::test]
async fn a_boarding_notice_is_of_use_until_half_an_hour_past_departure() {
    let mut airport = Airport::new();
    airport.follows(ANN).await;
    airport.flight("flights.BoardingStarted", flights::BoardingStarted::default()).await;
    let leg = flights::FlightLeg {
        scheduled_departure: Some(timestamp_message("2026-11-20T08:00:00Z".parse().unwrap())),
        ..Default::default()
    };
    let scheduled = flights::FlightScheduled { legs: vec![leg], ..Default::default() };
    airport.flight("flights.FlightScheduled", scheduled).await;
    airport.flight("flights.FinalCallMade", flights::FinalCallMade::default()).await;
    airport.react().await;
    airport.house.clock.advance(SignedDuration::from_hours(5));
    airport.flight("flights.FinalCallMade", flights::FinalCallMade::default()).await;
    let expiries: Vec<_> =
        airport.inbox(ANN).await.iter().map(|notice| notice.expires_at.unwrap().to_string()).collect();
    assert_eq!(expiries, ["2026-11-20T12:00:00Z", "2026-11-20T08:30:00Z", "2026-11-20T11:30:00Z"]);
}
