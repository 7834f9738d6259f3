//! Flight files over a real log: what they record, what they refuse, what a second time adds.

use airside_kernel::{Direction, EventStore, ManualClock, Position, RecordedEvent, StoredEvent, Timestamp};
use airside_privacy::Vault;
use airside_runtime::projections::Projections;
use airside_store::MemoryStore;
use jiff::tz::{TimeZone, offset};
use tempfile::TempDir;

use super::*;
use crate::{
    decide::State,
    events::{Fact, What},
    model::Phase,
};

const DAY_CSV: &str = include_str!("../../../../tests/data/flights/day.csv");
const WRONG_CSV: &str = include_str!("../../../../tests/data/flights/wrong.csv");
const DAY_XML: &str = include_str!("../../../../tests/data/flights/day.xml");
const WRONG_XML: &str = include_str!("../../../../tests/data/flights/wrong.xml");

struct Desk {
    files: FlightFiles,
    store: Arc<dyn EventStore>,
    clock: Arc<ManualClock>,
    temp: TempDir,
}

/// 08:00 in Shenzhen on 20 November 2026.
fn now() -> Timestamp {
    "2026-11-20T00:00:00Z".parse().unwrap()
}

/// The zones of the samples, and one with a change of clocks.
pub(super) fn zones() -> Zones {
    Arc::new(|airport: AirportCode| match airport.as_str() {
        "SZX" | "PEK" | "WUH" | "XIY" | "SHA" => Some(TimeZone::fixed(offset(8))),
        "LHR" => Some(TimeZone::posix("GMT0BST,M3.5.0/1,M10.5.0").unwrap()),
        _ => None,
    })
}

fn desk() -> Desk {
    let clock = Arc::new(ManualClock::new(now()));
    let store: Arc<dyn EventStore> = Arc::new(MemoryStore::new(clock.clone()));
    let temp = tempfile::tempdir().unwrap();
    let vault = Arc::new(Vault::open(temp.path(), clock.clone()).unwrap());
    let mut projections = Projections::new(store.clone());
    let part = crate::part(store.clone(), vault, clock.clone(), &mut projections);
    let options = Options { source: "aodb.files".into(), airport: "SZX".parse().unwrap(), zones: zones() };
    Desk { files: FlightFiles { recorder: part.recorder, options }, store, clock, temp }
}

impl Desk {
    async fn take(&self, mark: &str, content: &str) -> Result<(), Failure> {
        let bytes = content.to_owned().into();
        let (name, mark) = ("day.csv".to_owned(), mark.repeat(32));
        self.files.handle(&Arrived { name, written_at: now(), bytes, mark }).await
    }

    async fn refusal(&self, content: &str) -> String {
        match self.take("f", content).await {
            Err(Failure::Refused(reason)) => reason,
            other => panic!("it must be refused: {other:?}"),
        }
    }

    async fn state(&self, flight: &str) -> State {
        let flight: FlightId = flight.parse().unwrap();
        self.files.recorder.executor.load(&flight.stream()).await.unwrap().state.clone()
    }

    async fn log(&self) -> Vec<RecordedEvent> {
        self.store.read_all(None::<Position>, usize::MAX).await.unwrap().events
    }

    async fn facts(&self, flight: &str) -> Vec<What> {
        let flight: FlightId = flight.parse().unwrap();
        let page = self.store.read_stream(&flight.stream(), Direction::Forwards, None, 100).await.unwrap();
        page.events.iter().map(|event| Fact::decode(event).unwrap()[0].what.clone()).collect()
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_table_records_schedules_gates_belts_and_states() {
    let desk = desk();
    desk.take("1", DAY_CSV).await.unwrap();
    let flight = desk.state("ZH9101-20261120").await.flight;
    assert_eq!(flight.schedule.legs[0].scheduled_departure, at("2026-11-20T00:30:00Z"));
    assert_eq!(
        flight.schedule.codeshares.iter().map(|c| c.as_str()).collect::<Vec<_>>(),
        ["CA3101", "UA7501"]
    );
    assert_eq!(flight.gate.unwrap().as_str(), "A3");
    assert_eq!(flight.estimated_departure, Some(at("2026-11-20T01:10:00Z")));
    let arrival = desk.state("ZH9102-20261120").await.flight;
    assert_eq!(arrival.belt.unwrap().as_str(), "12");
    assert_eq!(arrival.phase, Phase::Scheduled, "leaving another airport is not leaving this one");
    assert_eq!(desk.state("CZ3001-20261120").await.flight.phase, Phase::Boarding);
    let london = desk.state("BA32-20261120").await.flight;
    assert_eq!(london.schedule.legs[0].scheduled_arrival, at("2026-11-21T05:20:00Z"));
    assert_eq!(desk.state("MU5331-20261120").await.flight.phase, Phase::Cancelled);
}

#[tokio::test]
async fn the_legs_of_a_flight_are_told_one_by_one_and_joined() {
    let desk = desk();
    desk.take("1", DAY_CSV).await.unwrap();
    let legs = |state: State| {
        let legs = state.flight.schedule.legs.into_iter();
        legs.map(|leg| format!("{}-{}", leg.origin, leg.destination)).collect::<Vec<_>>()
    };
    assert_eq!(legs(desk.state("CZ3001-20261120").await), ["SZX-WUH", "WUH-XIY"]);
    let rerouted = "flight,date,origin,destination,std,sta\n\
        CZ3001,2026-11-20,SZX,XIY,2026-11-20T09:00,2026-11-20T12:00\n";
    desk.take("2", rerouted).await.unwrap();
    assert_eq!(legs(desk.state("CZ3001-20261120").await), ["SZX-XIY"]);
}

#[tokio::test]
async fn a_flight_that_goes_on_from_here_is_not_over_when_it_lands_here() {
    let desk = desk();
    let table = "flight,date,origin,destination,std,sta,ata,gate\n\
        CZ3002,2026-11-20,WUH,SZX,2026-11-20T05:00,2026-11-20T07:00,,\n\
        CZ3002,2026-11-20,SZX,SHA,2026-11-20T08:30,2026-11-20T11:00,,A3\n\
        CZ3002,2026-11-20,WUH,SZX,,,2026-11-20T06:50,\n\
        CZ3003,2026-11-20,WUH,SZX,2026-11-20T05:00,2026-11-20T07:00,2026-11-20T06:50,\n";
    desk.take("1", table).await.unwrap();
    assert_eq!(desk.state("CZ3002-20261120").await.flight.phase, Phase::Scheduled);
    assert_eq!(desk.state("CZ3003-20261120").await.flight.phase, Phase::Landed);
}

#[tokio::test]
async fn a_cancelled_leg_leaves_the_schedule_and_the_last_one_here_cancels_the_flight() {
    let desk = desk();
    let header = "flight,date,origin,destination,std,sta,status\n";
    let table = |lines: &str| format!("{header}{lines}");
    let planned = "CZ3002,2026-11-20,PEK,SZX,2026-11-20T05:00,2026-11-20T08:00,\n\
        CZ3002,2026-11-20,SZX,WUH,2026-11-20T09:00,2026-11-20T11:00,\n\
        CZ3002,2026-11-20,WUH,XIY,2026-11-20T12:00,2026-11-20T13:30,\n";
    desk.take("1", &table(planned)).await.unwrap();
    let now = async || {
        let flight = desk.state("CZ3002-20261120").await.flight;
        let legs: Vec<_> =
            flight.schedule.legs.iter().map(|l| format!("{}-{}", l.origin, l.destination)).collect();
        (flight.phase, legs)
    };
    let onward_off = table("CZ3002,2026-11-20,SZX,WUH,,,CNL\n");
    desk.take("2", &onward_off).await.unwrap();
    assert_eq!(now().await, (Phase::Scheduled, vec!["PEK-SZX".to_owned()]), "it still brings its passengers");
    desk.take("3", &onward_off).await.unwrap();
    assert_eq!(now().await.0, Phase::Scheduled, "what is said twice is said once");
    desk.take("4", &table("CZ3002,2026-11-20,PEK,SZX,,,CNL\n")).await.unwrap();
    assert_eq!(now().await.0, Phase::Cancelled);
    desk.take("5", &table(planned)).await.unwrap();
    let all_off = "CZ3002,2026-11-20,SZX,WUH,,,CNL\nCZ3002,2026-11-20,PEK,SZX,,,CNL\n";
    desk.take("6", &table(all_off)).await.unwrap();
    let (phase, legs) = now().await;
    assert_eq!((phase, legs.len()), (Phase::Cancelled, 3), "boards show a cancelled flight with its legs");
}

#[tokio::test]
async fn a_table_tells_estimates_of_arrival_returns_and_diversions() {
    let desk = desk();
    let table = "flight,date,origin,destination,std,sta,eta,atd,status,diverted_to\n\
        ZH9102,2026-11-20,PEK,SZX,2026-11-20T05:00,2026-11-20T08:20,2026-11-20T08:45,,DEP,\n\
        ZH9104,2026-11-20,PEK,SZX,2026-11-20T05:00,2026-11-20T08:20,2026-11-20T08:20,,DEP,\n\
        ZH9106,2026-11-20,PEK,SZX,2026-11-20T05:00,2026-11-20T08:20,,,DIV,CAN\n\
        ZH9101,2026-11-20,SZX,PEK,2026-11-20T07:30,2026-11-20T10:45,,2026-11-20T07:40,RTN,\n";
    desk.take("1", table).await.unwrap();
    let flight = async |flight| desk.state(flight).await.flight;
    assert_eq!(flight("ZH9102-20261120").await.estimated_arrival, Some(at("2026-11-20T00:45:00Z")));
    assert_eq!(flight("ZH9104-20261120").await.estimated_arrival, None, "what is on time is no news");
    assert_eq!(flight("ZH9106-20261120").await.diverted, Some(Some("CAN".parse().unwrap())));
    let departed = What::FlightDeparted;
    assert!(matches!(&desk.facts("ZH9101-20261120").await[..],
        [What::FlightScheduled(_), left, What::FlightReturned] if *left == departed));
    assert_eq!(flight("ZH9101-20261120").await.phase, Phase::Scheduled);
}

#[tokio::test]
async fn aidx_tells_an_estimate_of_arrival_until_the_flight_has_landed() {
    let desk = desk();
    let estimated = DAY_XML.replace(
        r#"<aidx:OperationTime OperationQualifier="TDN" TimeType="ACT">2026-11-19T23:11:00Z"#,
        r#"<aidx:OperationTime OperationQualifier="ONB" TimeType="EST">2026-11-19T23:40:00Z"#,
    );
    assert_ne!(estimated, DAY_XML);
    desk.take("1", &estimated).await.unwrap();
    let flight = desk.state("ZH9102-20261120").await.flight;
    assert_eq!(flight.estimated_arrival, Some(at("2026-11-19T23:40:00Z")));
    desk.take("2", DAY_XML).await.unwrap();
    assert_eq!(desk.state("ZH9102-20261120").await.flight.phase, Phase::Landed);
}

#[tokio::test]
async fn aidx_says_what_the_table_says() {
    let desk = desk();
    desk.take("1", DAY_XML).await.unwrap();
    let flight = desk.state("ZH9101-20261120").await.flight;
    let table = self::desk();
    table.take("1", DAY_CSV).await.unwrap();
    assert_eq!(flight, table.state("ZH9101-20261120").await.flight);
    let arrival = desk.state("ZH9102-20261120").await.flight;
    assert_eq!((arrival.phase, arrival.belt.unwrap().as_str()), (Phase::Landed, "12"));
    assert_eq!(arrival.gate, None, "a gate elsewhere is not a gate here");
    let landed = desk.log().await.into_iter().find(|event| event.event_type() == "flights.FlightLanded");
    assert_eq!(landed.unwrap().occurred_at(), at("2026-11-19T23:11:00Z"));
}

#[tokio::test]
async fn the_same_file_after_a_crash_adds_nothing_and_put_there_anew_only_what_is_new() {
    let desk = desk();
    for content in [DAY_CSV, DAY_XML] {
        desk.take("1", content).await.unwrap();
    }
    let count = desk.log().await.len();
    for mark in ["1", "2"] {
        desk.take(mark, DAY_CSV).await.unwrap();
        assert_eq!(desk.log().await.len(), count, "{mark}");
    }
    let gate = |gate| {
        format!(
            "flight,date,origin,destination,gate\nZH9101,2026-11-20,SZX,PEK,{gate}\n\
             ZH9101,2026-11-20,SZX,PEK,A3\n"
        )
    };
    desk.take("3", &gate("A5")).await.unwrap();
    desk.take("3", &gate("A5")).await.unwrap();
    let gates = desk.facts("ZH9101-20261120").await.into_iter();
    let gates = gates.filter_map(|what| match what {
        What::GateAssigned { gate, .. } => Some(gate.to_string()),
        _ => None,
    });
    assert_eq!(gates.collect::<Vec<_>>(), ["A3", "A5", "A3"]);
}

#[tokio::test]
async fn a_wrong_line_fails_alone_and_says_line_and_column() {
    let desk = desk();
    let reason = desk.refusal(WRONG_CSV).await;
    let expected = "5 things were not recorded, the rest was; correct them and put the file here again:
line 3, column 1 (flight): the flight number is not 1 to 99999; send it after the carrier, as in ZH9101
line 4, column 2 (date): it does not end in a day that exists; send it as in ZH9101-20261120
line 5, column 5 (std): it is no time; write it as 2026-11-20T08:30, with an offset when it is not local
line 7: it has 4 cells and the header 8
line 6: a leg arrives before it leaves; check both times";
    assert_eq!(reason, expected);
    assert_eq!(desk.state("ZH9107-20261120").await.flight.phase, Phase::Boarding);
    assert_eq!(desk.state("ZH9108-20261120").await.flight.gate.unwrap().as_str(), "B1");
    assert!(!desk.state("ZH9105-20261120").await.is_reported());
}

#[tokio::test]
async fn a_wrong_leg_fails_alone_and_says_element_and_rule() {
    let desk = desk();
    let reason = desk.refusal(WRONG_XML).await;
    let lines: Vec<_> = reason.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "FlightLeg 1 at line 2, DepartureAirport at line 5: it is not three letters; send the IATA code, such as SZX",
            "FlightLeg 1 at line 2, OperationTime OFB SCT at line 9: it is no time with Z or an offset; \
             send it as 2026-11-20T00:30:00Z",
            "FlightLeg 3 at line 22, LegIdentifier at line 22: the carrier is not two or three characters; \
             send it as in ZH9101 or CSZ9101",
        ]
    );
    assert_eq!(desk.state("ZH9103-20261120").await.flight.gate.unwrap().as_str(), "B2");
}

#[tokio::test]
async fn what_contradicts_the_flight_is_told_with_its_line() {
    let desk = desk();
    let line =
        |columns, cells| format!("flight,date,origin,destination,{columns}\nZH1,2026-11-20,SZX,PEK,{cells}");
    desk.take("1", &line("status,atd", "DEP,2026-11-20T07:59")).await.unwrap();
    assert_eq!(desk.state("ZH1-20261120").await.flight.phase, Phase::Departed);
    let reason = desk.refusal(&line("gate", "A3")).await;
    assert!(reason.ends_with("line 2, gate: the flight has departed: correct the report"), "{reason}");
}

#[tokio::test]
async fn a_cancelled_line_never_revives_the_flight() {
    let desk = desk();
    desk.take("1", DAY_CSV).await.unwrap();
    desk.take("2", DAY_CSV).await.unwrap();
    assert_eq!(desk.facts("MU5331-20261120").await, [What::FlightCancelled]);
    let revived = DAY_CSV.replace("CNL", "SCH");
    desk.take("3", &revived).await.unwrap();
    assert_eq!(desk.state("MU5331-20261120").await.flight.phase, Phase::Scheduled);
}

#[tokio::test]
async fn an_estimate_on_time_is_news_only_to_a_late_flight() {
    let desk = desk();
    let line = |etd| {
        format!(
            "flight,date,origin,destination,std,sta,etd\n\
             ZH1,2026-11-20,SZX,PEK,2026-11-20T08:30,2026-11-20T11:45,{etd}"
        )
    };
    desk.take("1", &line("2026-11-20T08:30")).await.unwrap();
    assert_eq!(desk.state("ZH1-20261120").await.flight.estimated_departure, None);
    for (mark, etd) in [("2", "2026-11-20T09:00"), ("3", "2026-11-20T08:30")] {
        desk.take(mark, &line(etd)).await.unwrap();
    }
    let estimated = desk.state("ZH1-20261120").await.flight.estimated_departure;
    assert_eq!(estimated, Some(at("2026-11-20T00:30:00Z")));
}

#[tokio::test]
async fn a_file_that_is_no_table_and_no_aidx_is_refused_whole() {
    let desk = desk();
    for (content, words) in [
        ("", "line 1: the file is empty"),
        ("flight,date,origin\n", "line 1: the column destination is missing"),
        ("flight,date,origin,destination,gat\n", "line 1, column 5: the name is not known"),
        ("flight,date,origin,destination,Flight\n", "line 1, column 5: flight stands there twice"),
        ("<a/>", "line 1: there is no IATA_AIDX_FlightLegNotifRQ in the document"),
    ] {
        let reason = desk.refusal(content).await;
        assert!(reason.starts_with(words), "{content}: {reason}");
    }
    let Err(reason) = read(b"flight\xff", &zones()) else { panic!("it must be refused") };
    assert_eq!(reason, "byte 7: it is not UTF-8: send it as UTF-8");
    assert!(desk.log().await.is_empty());
}

#[tokio::test]
async fn a_late_file_of_an_old_day_is_refused_line_by_line() {
    let desk = desk();
    desk.clock.advance(jiff::SignedDuration::from_hours(24 * 40));
    let reason = desk.refusal(DAY_CSV).await;
    assert!(reason.contains("line 2: schedule: it lies more than 30 days back"), "{reason}");
    assert!(desk.log().await.is_empty());
}

#[tokio::test]
async fn two_thousand_lines_are_recorded_but_for_the_wrong_one() {
    let desk = desk();
    let mut table = "flight,date,origin,destination,gate\n".to_owned();
    for number in 1..=2_000 {
        let gate = if number == 1_234 { "no sign!" } else { "A3" };
        table.push_str(&format!("ZH{number},2026-11-20,SZX,PEK,{gate}\n"));
    }
    let reason = desk.refusal(&table).await;
    assert!(reason.contains("line 1235, column 5 (gate): it is not a sign"), "{reason}");
    assert_eq!(desk.log().await.len(), 1_999);
}

#[test]
fn a_time_that_the_change_of_clocks_makes_double_needs_its_offset() {
    let table = |std| format!("flight,date,origin,destination,std\nBA32,2026-10-25,LHR,SZX,{std}");
    let read = |std| csv::read(&table(std), &zones()).unwrap();
    for double in ["2026-10-25T01:30", "2026-03-29T01:30"] {
        let told = read(double).faults;
        assert!(told.told()[0].contains("the change of clocks makes this time double"), "{told:?}");
    }
    let departure = read("2026-10-25T01:30+01:00").legs[0].scheduled_departure;
    assert_eq!(departure, Some(at("2026-10-25T00:30:00Z")));
    let table = "flight,date,origin,destination,std\nBA32,2026-10-25,QQQ,SZX,2026-10-25T01:30";
    let faults = csv::read(table, &zones()).unwrap().faults;
    assert_eq!(
        faults.told(),
        ["line 2, column 5 (std): the time zone of QQQ is not known; write the offset"]
    );
}

#[test]
fn semicolons_quotes_blank_lines_and_a_mark_of_order_are_read() {
    let table = "\u{feff}\"flight\"; date;origin;destination;gate\r\n\r\n\"ZH9101\";2026-11-20; szx;PEK;\"a3\"\r\n;;;;\r\n";
    let contents = read(table.as_bytes(), &zones()).unwrap();
    assert_eq!(contents.faults, Faults::default());
    let [said] = contents.legs.as_slice() else { panic!("one leg is there") };
    assert_eq!((said.flight.as_str(), said.place.as_str()), ("ZH9101-20261120", "line 3"));
    assert_eq!(said.gate.as_ref().unwrap().as_str(), "A3");
}

#[test]
fn more_problems_than_are_told_are_counted() {
    let mut faults = Faults::default();
    (0..250).for_each(|line| faults.note(line, "wrong"));
    let Err(Failure::Refused(reason)) = faults.into_failure() else { panic!("it must be refused") };
    assert!(reason.starts_with("250 things were not recorded") && reason.ends_with("\nand 50 more"));
    assert_eq!(reason.lines().count(), 202);
}

#[tokio::test]
async fn a_file_in_the_folder_is_in_the_log_and_then_in_done() {
    let desk = desk();
    let place = desk.temp.path().join("flights");
    std::fs::create_dir(&place).unwrap();
    std::fs::write(place.join("day.csv"), DAY_CSV).unwrap();
    let file = std::fs::File::options().append(true).open(place.join("day.csv")).unwrap();
    file.set_modified(now().into()).unwrap();
    let (recorder, options) = (desk.files.recorder.clone(), desk.files.options.clone());
    let looks = folder::Options { settled: std::time::Duration::ZERO, ..folder::Options::default() };
    let mut folder = watch(place.clone(), recorder, options, looks);
    assert_eq!(folder.round().await, folder::Round::Took(0));
    assert_eq!(folder.round().await, folder::Round::Took(1));
    assert!(place.join("done/day.csv").exists());
    assert_eq!(desk.state("ZH9102-20261120").await.flight.belt.unwrap().as_str(), "12");
}
