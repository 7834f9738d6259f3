//! The time zones of airports: those with scheduled traffic of any size, all over the world.
//!
//! The zone data is compiled in, so that a message means the same on every machine. Since the
//! table is wide it needs no configuration. Of an airport that is missing here no local time is
//! guessed: the time of receipt serves, with a warning, and days are read with a day of room on
//! either side. Add it to the table, which a test reads whole.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::model::AirportCode;

/// Returns the zone of an airport, when the table has it.
pub(super) fn of(airport: AirportCode) -> Option<&'static TimeZone> {
    let at = ZONES.binary_search_by_key(&airport, |(code, _)| *code).ok()?;
    Some(&ZONES[at].1)
}

/// Returns UTC, the zone of times marked Z.
pub(super) fn utc() -> &'static TimeZone {
    static UTC: TimeZone = TimeZone::UTC;
    &UTC
}

static ZONES: LazyLock<Vec<(AirportCode, TimeZone)>> = LazyLock::new(|| {
    let database = TimeZoneDatabase::bundled();
    let mut zones = Vec::new();
    for (name, airports) in AIRPORTS {
        let zone = database.get(name).expect("a test asks for every zone of the table");
        let codes = airports.split(' ').map(|code| code.parse().expect("a test reads every code"));
        zones.extend(codes.map(|code: AirportCode| (code, zone.clone())));
    }
    zones.sort_by_key(|(code, _)| *code);
    zones
});

const AIRPORTS: &[(&str, &str)] = &[
    ("Africa/Abidjan", "ABJ"),
    ("Africa/Accra", "ACC KMS TML"),
    ("Africa/Addis_Ababa", "ADD BJR DIR MQX"),
    ("Africa/Algiers", "AAE ALG BJA CZL ORN TLM"),
    ("Africa/Asmara", "ASM"),
    ("Africa/Bamako", "BKO"),
    ("Africa/Bangui", "BGF"),
    ("Africa/Banjul", "BJL"),
    ("Africa/Bissau", "OXB"),
    ("Africa/Blantyre", "BLZ LLW"),
    ("Africa/Brazzaville", "BZV PNR"),
    ("Africa/Bujumbura", "BJM"),
    ("Africa/Cairo", "ASW CAI HBE HRG LXR RMF SPX SSH"),
    ("Africa/Casablanca", "AGA CMN FEZ NDR OUD RAK RBA TNG"),
    ("Africa/Conakry", "CKY"),
    ("Africa/Dakar", "DSS"),
    ("Africa/Dar_es_Salaam", "DAR JRO MWZ ZNZ"),
    ("Africa/Djibouti", "JIB"),
    ("Africa/Douala", "DLA NSI"),
    ("Africa/Freetown", "FNA"),
    ("Africa/Gaborone", "FRW GBE MUB"),
    ("Africa/Harare", "BUQ HRE VFA"),
    ("Africa/Johannesburg", "BFN CPT DUR ELS GRJ HLA JNB MQP PLZ"),
    ("Africa/Juba", "JUB"),
    ("Africa/Kampala", "EBB"),
    ("Africa/Khartoum", "KRT PZU"),
    ("Africa/Kigali", "KGL"),
    ("Africa/Kinshasa", "FIH"),
    ("Africa/Lagos", "ABV BNI ENU KAN LOS PHC QOW"),
    ("Africa/Libreville", "LBV"),
    ("Africa/Lome", "LFW"),
    ("Africa/Luanda", "LAD NBJ"),
    ("Africa/Lubumbashi", "FBM GOM"),
    ("Africa/Lusaka", "LUN LVI NLA"),
    ("Africa/Malabo", "SSG"),
    ("Africa/Maputo", "BEW MPM"),
    ("Africa/Maseru", "MSU"),
    ("Africa/Mbabane", "SHO"),
    ("Africa/Mogadishu", "HGA MGQ"),
    ("Africa/Monrovia", "ROB"),
    ("Africa/Nairobi", "EDL KIS MBA NBO WIL"),
    ("Africa/Ndjamena", "NDJ"),
    ("Africa/Niamey", "NIM"),
    ("Africa/Nouakchott", "NKC"),
    ("Africa/Ouagadougou", "OUA"),
    ("Africa/Porto-Novo", "COO"),
    ("Africa/Tripoli", "BEN MJI TIP"),
    ("Africa/Tunis", "DJE MIR NBE SFA TUN"),
    ("Africa/Windhoek", "WDH WVB"),
    ("America/Anchorage", "ANC BET FAI JNU KTN SIT"),
    ("America/Antigua", "ANU"),
    ("America/Araguaina", "PMW"),
    ("America/Argentina/Buenos_Aires", "AEP EZE"),
    ("America/Argentina/Cordoba", "CNQ COR IGR PSS RES ROS"),
    ("America/Argentina/Jujuy", "JUJ"),
    ("America/Argentina/Mendoza", "MDZ"),
    ("America/Argentina/Rio_Gallegos", "FTE RGL"),
    ("America/Argentina/Salta", "BRC NQN SLA"),
    ("America/Argentina/Tucuman", "TUC"),
    ("America/Argentina/Ushuaia", "USH"),
    ("America/Aruba", "AUA"),
    ("America/Asuncion", "ASU"),
    ("America/Bahia", "BPS IOS SSA"),
    ("America/Barbados", "BGI"),
    ("America/Belem", "BEL"),
    ("America/Belize", "BZE"),
    ("America/Boa_Vista", "BVB"),
    ("America/Bogota", "ADZ AXM BAQ BGA BOG CLO CTG CUC EOH MDE MTR PEI SMR"),
    ("America/Boise", "BOI TWF"),
    ("America/Campo_Grande", "CGR"),
    ("America/Cancun", "CTM CUN CZM TQO"),
    ("America/Caracas", "CCS MAR PMV VLN"),
    ("America/Cayenne", "CAY"),
    ("America/Cayman", "GCM"),
    (
        "America/Chicago",
        "ABI ACT AMA ATW AUS BHM BIS BMI BNA BRO BTR CID CLL CRP DAL DFW DLH DSM ECP FAR FSD GFK \
         GPT GRB HOU HRL HSV IAH ICT JAN LBB LFT LIT LNK MAF MCI MDW MEM MFE MGM MKE MLI MOB MOT \
         MSN MSP MSY OKC OMA ORD PIA PNS RST SAT SGF SHV SJT SPI SPS STL TUL TYR VPS XNA",
    ),
    ("America/Chihuahua", "CUU"),
    ("America/Costa_Rica", "LIR SJO"),
    ("America/Cuiaba", "CGB"),
    ("America/Curacao", "CUR"),
    ("America/Denver", "ABQ ASE BIL BZN COS CPR CYS DEN DRO EGE ELP FCA GJT GTF HDN HLN JAC MSO RAP SAF SLC"),
    ("America/Detroit", "AZO DTW FNT GRR LAN MBS TVC"),
    ("America/Dominica", "DOM"),
    ("America/Edmonton", "YEG YMM YQL YQU YYC"),
    ("America/El_Salvador", "SAL"),
    ("America/Fortaleza", "FOR JPA NAT SLZ THE"),
    ("America/Glace_Bay", "YQY"),
    ("America/Grand_Turk", "GDT PLS"),
    ("America/Grenada", "GND"),
    ("America/Guadeloupe", "PTP"),
    ("America/Guatemala", "FRS GUA"),
    ("America/Guayaquil", "CUE GYE MEC UIO"),
    ("America/Guyana", "GEO"),
    ("America/Halifax", "YHZ YYG"),
    ("America/Havana", "CCC HAV HOG SCU SNU VRA"),
    ("America/Hermosillo", "CEN HMO"),
    ("America/Indiana/Indianapolis", "FWA IND SBN"),
    ("America/Jamaica", "KIN MBJ"),
    ("America/Kentucky/Louisville", "SDF"),
    ("America/Kralendijk", "BON"),
    ("America/La_Paz", "CBB LPB VVI"),
    ("America/Lima", "AQP CIX CUZ IQT JUL LIM PCL PIU TCQ TPP TRU"),
    (
        "America/Los_Angeles",
        "ACV BFL BLI BUR EUG FAT GEG LAS LAX LGB MFR MRY OAK ONT PDX PSC PSP RDM RNO SAN SBA SBP \
         SEA SFO SJC SMF SNA STS",
    ),
    ("America/Lower_Princes", "SXM"),
    ("America/Maceio", "AJU MCZ"),
    ("America/Managua", "MGA"),
    ("America/Manaus", "MAO"),
    ("America/Martinique", "FDF"),
    ("America/Matamoros", "MAM NLD REX"),
    ("America/Mazatlan", "CUL LAP MZT SJD"),
    ("America/Merida", "CPE MID"),
    (
        "America/Mexico_City",
        "ACA AGU BJX CLQ GDL HUX MEX MLM NLU OAX PBC PVR PXM QRO SLP TGZ TLC VER VSA ZIH ZLO",
    ),
    ("America/Moncton", "YFC YQM YSJ"),
    ("America/Monterrey", "MTY SLW TAM TRC"),
    ("America/Montevideo", "MVD PDP"),
    ("America/Nassau", "ELH FPO GGT NAS"),
    (
        "America/New_York",
        "ABE ACK AGS ALB ATL AVL AVP BDL BGM BGR BOS BTV BUF BWI CAE CAK CHO CHS CLE CLT CMH CRW \
         CVG DAB DAY DCA ELM EWR EYW FLL GNV GSO GSP HPN HVN IAD ILM ISP ITH JAX JFK LEX LGA MCO \
         MDT MHT MIA MLB MVY MYR ORF PBI PHL PIE PIT PVD PWM RDU RIC ROA ROC RSW SAV SFB SRQ SWF \
         SYR TLH TOL TPA TRI TYS VRB",
    ),
    ("America/Noronha", "FEN"),
    ("America/Nuuk", "GOH SFJ"),
    ("America/Panama", "BLB DAV PTY"),
    ("America/Paramaribo", "PBM"),
    ("America/Phoenix", "AZA FLG PHX TUS YUM"),
    ("America/Port-au-Prince", "CAP PAP"),
    ("America/Port_of_Spain", "POS TAB"),
    ("America/Porto_Velho", "PVH"),
    ("America/Puerto_Rico", "BQN PSE SJU"),
    ("America/Punta_Arenas", "PUQ"),
    ("America/Recife", "PNZ REC"),
    ("America/Regina", "YQR YXE"),
    ("America/Rio_Branco", "RBR"),
    ("America/Santiago", "ANF ARI CCP CJC IQQ LSC PMC SCL ZAL ZCO"),
    ("America/Santo_Domingo", "LRM POP PUJ SDQ STI"),
    ("America/Sao_Paulo", "BSB CGH CNF CWB FLN GIG GRU GYN IGU JOI LDB MGF NVT PLU POA RAO SDU UDI VCP VIX"),
    ("America/St_Johns", "YDF YYT"),
    ("America/St_Kitts", "NEV SKB"),
    ("America/St_Lucia", "SLU UVF"),
    ("America/St_Thomas", "STT STX"),
    ("America/St_Vincent", "SVD"),
    ("America/Tegucigalpa", "RTB SAP TGU XPL"),
    ("America/Tijuana", "MXL TIJ"),
    ("America/Toronto", "YHM YKF YOW YQB YQG YQT YSB YTZ YUL YXU YYZ"),
    ("America/Tortola", "EIS"),
    ("America/Vancouver", "YCD YKA YLW YQQ YVR YXS YXX YYJ"),
    ("America/Whitehorse", "YXY"),
    ("America/Winnipeg", "YWG"),
    ("Asia/Almaty", "ALA CIT NQZ"),
    ("Asia/Amman", "AMM AQJ"),
    ("Asia/Aqtau", "SCO"),
    ("Asia/Ashgabat", "ASB"),
    ("Asia/Baghdad", "BGW BSR EBL ISU NJF"),
    ("Asia/Bahrain", "BAH"),
    ("Asia/Baku", "GYD"),
    ("Asia/Bangkok", "BKK CEI CNX DMK HDY HKT KBV KKC UBP URT USM UTH UTP"),
    ("Asia/Barnaul", "BAX"),
    ("Asia/Beirut", "BEY"),
    ("Asia/Bishkek", "FRU OSS"),
    ("Asia/Brunei", "BWN"),
    ("Asia/Colombo", "CMB HRI"),
    ("Asia/Damascus", "DAM"),
    ("Asia/Dhaka", "CGP CXB DAC ZYL"),
    ("Asia/Dili", "DIL"),
    ("Asia/Dubai", "AUH DWC DXB RKT SHJ"),
    ("Asia/Dushanbe", "DYU LBD"),
    ("Asia/Famagusta", "ECN"),
    ("Asia/Ho_Chi_Minh", "CXR DAD DLI HAN HPH HUI PQC SGN UIH VCA VII"),
    ("Asia/Hong_Kong", "HKG"),
    ("Asia/Hovd", "HVD"),
    ("Asia/Irkutsk", "IKT"),
    ("Asia/Jakarta", "BDO BTH CGK DJB HLP JOG KNO PDG PGK PKU PLM SOC SRG SUB TKG YIA"),
    ("Asia/Jayapura", "AMQ BIK DJJ MKQ SOQ TIM"),
    ("Asia/Jerusalem", "ETM HFA TLV"),
    ("Asia/Kabul", "KBL KDH"),
    ("Asia/Kamchatka", "PKC"),
    ("Asia/Karachi", "ISB KHI LHE LYP MUX PEW SKT UET"),
    ("Asia/Kathmandu", "BWA KTM PKR"),
    (
        "Asia/Kolkata",
        "AMD ATQ AYJ BBI BDQ BLR BOM CCJ CCU CJB COK DEL DIB GAU GOI GOX HYD IDR IMF IXA IXB IXC \
         IXE IXJ IXM IXR IXZ JAI JDH LKO MAA NAG PAT PNQ RPR STV SXR TRV TRZ UDR VGA VNS VTZ",
    ),
    ("Asia/Krasnoyarsk", "KJA"),
    ("Asia/Kuala_Lumpur", "IPH JHB KBR KUL LGK PEN SZB TGG"),
    ("Asia/Kuching", "BKI BTU KCH LBU MYY SBW SDK TWU"),
    ("Asia/Kuwait", "KWI"),
    ("Asia/Macau", "MFM"),
    ("Asia/Magadan", "GDX"),
    ("Asia/Makassar", "AAP BDJ BPN DPS KDI KOE LBJ LOP MDC PLW UPG"),
    ("Asia/Manila", "BCD CEB CGY CRK DGT DVO GES ILO KLO MNL MPH PPS TAC TAG ZAM"),
    ("Asia/Muscat", "MCT SLL"),
    ("Asia/Nicosia", "LCA PFO"),
    ("Asia/Novokuznetsk", "KEJ NOZ"),
    ("Asia/Novosibirsk", "OVB"),
    ("Asia/Omsk", "OMS"),
    ("Asia/Phnom_Penh", "KOS KTI PNH SAI"),
    ("Asia/Pontianak", "PNK"),
    ("Asia/Pyongyang", "FNJ"),
    ("Asia/Qatar", "DOH"),
    ("Asia/Riyadh", "AHB AJF DMM EAM ELQ GIZ HAS HOF JED MED NUM RUH TIF TUU ULH YNB"),
    ("Asia/Sakhalin", "UUS"),
    ("Asia/Samarkand", "BHK SKD UGC"),
    ("Asia/Seoul", "CJJ CJU GMP ICN KWJ MWX PUS RSU TAE USN"),
    (
        "Asia/Shanghai",
        "AAT AKU BAV BHY BPX CAN CGD CGO CGQ CIF CKG CSX CTU CZX DDG DIG DLC DLU DNH DSN DYG ENY \
         FOC HAK HET HFE HGH HIA HJJ HLD HMI HRB HSN HTN HYN INC JDZ JGN JHG JIU JJN JMU JNG JZH \
         KHG KHN KMG KOW KRL KWE KWL LHW LJG LXA LYA LYG LYI LZH LZO LZY MDG MIG MXZ NDG NGB NKG \
         NNG NNY NTG PEK PKX PVG SHA SHE SJW SWA SYX SZX TAO TCZ TFU TNA TSN TXN TYN URC UYN WEH \
         WNZ WUH WUX WUZ XFN XIC XIY XMN XNN XUZ YIH YIN YIW YNT YNZ YTY ZHA ZQZ ZUH ZYI",
    ),
    ("Asia/Singapore", "SIN"),
    ("Asia/Taipei", "HUN KHH KNH MZG RMQ TNN TPE TSA TTT"),
    ("Asia/Tashkent", "FEG NMA TAS"),
    ("Asia/Tbilisi", "BUS KUT TBS"),
    ("Asia/Tehran", "AWZ IFN IKA KIH MHD SYZ TBZ THR"),
    ("Asia/Thimphu", "PBH"),
    (
        "Asia/Tokyo",
        "AKJ AOJ AXT CTS FSZ FUK GAJ HIJ HKD HND HSG IBR ISG ITM IZO KCZ KIJ KIX KKJ KMI KMJ KMQ \
         KOJ KUH MMB MMY MSJ MYJ NGO NGS NKM NRT OBO OIT OKA OKJ SDJ SHI TAK TKS TOY UBJ UKB YGJ",
    ),
    ("Asia/Tomsk", "TOF"),
    ("Asia/Ulaanbaatar", "UBN"),
    ("Asia/Vientiane", "LPQ PKZ VTE"),
    ("Asia/Vladivostok", "KHV VVO"),
    ("Asia/Yakutsk", "BQS YKS"),
    ("Asia/Yangon", "MDL NYT RGN"),
    ("Asia/Yekaterinburg", "CEK NJC PEE SGC SVX TJM UFA"),
    ("Asia/Yerevan", "EVN"),
    ("Atlantic/Azores", "HOR PDL TER"),
    ("Atlantic/Bermuda", "BDA"),
    ("Atlantic/Canary", "ACE FUE LPA SPC TFN TFS"),
    ("Atlantic/Cape_Verde", "BVC RAI SID VXE"),
    ("Atlantic/Faroe", "FAE"),
    ("Atlantic/Madeira", "FNC PXO"),
    ("Atlantic/Reykjavik", "AEY KEF RKV"),
    ("Atlantic/Stanley", "MPN"),
    ("Australia/Adelaide", "ADL"),
    ("Australia/Brisbane", "BDB BNE CNS GLT HTI HVB ISA MCY MKY OOL PPP ROK TSV"),
    ("Australia/Broken_Hill", "BHQ"),
    ("Australia/Darwin", "ASP AYQ DRW"),
    ("Australia/Hobart", "DPO HBA LST"),
    ("Australia/Lord_Howe", "LDH"),
    ("Australia/Melbourne", "AVV MEL MQL"),
    ("Australia/Perth", "BME GET KGI KTA PER PHE ZNE"),
    ("Australia/Sydney", "ABX ARM BNK CBR CFS DBO NTL PQQ SYD TMW WGA WSI"),
    ("Europe/Amsterdam", "AMS EIN GRQ MST RTM"),
    ("Europe/Astrakhan", "ASF"),
    ("Europe/Athens", "AOK ATH CFU CHQ EFL HER JMK JSI JTR KGS KLX MJT PVK RHO SKG SMI ZTH"),
    ("Europe/Belgrade", "BEG INI"),
    (
        "Europe/Berlin",
        "BER BRE CGN DRS DTM DUS ERF FDH FKB FMM FMO FRA HAJ HAM HHN LBC LEJ MUC NRN NUE PAD RLG \
         SCN STR",
    ),
    ("Europe/Bratislava", "BTS KSC"),
    ("Europe/Brussels", "ANR BRU CRL LGG OST"),
    ("Europe/Bucharest", "BBU BCM CLJ CRA IAS OTP SBZ SUJ TSR"),
    ("Europe/Budapest", "BUD DEB"),
    ("Europe/Chisinau", "RMO"),
    ("Europe/Copenhagen", "AAL AAR BLL CPH"),
    ("Europe/Dublin", "DUB KIR NOC ORK SNN"),
    ("Europe/Gibraltar", "GIB"),
    ("Europe/Guernsey", "GCI"),
    ("Europe/Helsinki", "HEL IVL KTT KUO OUL RVN TKU TMP VAA"),
    ("Europe/Isle_of_Man", "IOM"),
    ("Europe/Istanbul", "ADA ADB ASR AYT BJV COV DIY DLM ERZ ESB GZT HTY IST KYA SAW SZF TZX VAN"),
    ("Europe/Jersey", "JER"),
    ("Europe/Kaliningrad", "KGD"),
    ("Europe/Kyiv", "DNK HRK IEV KBP LWO ODS"),
    ("Europe/Lisbon", "FAO LIS OPO"),
    ("Europe/Ljubljana", "LJU"),
    (
        "Europe/London",
        "ABZ BFS BHD BHX BOH BRS CWL DSA EDI EMA EXT GLA HUY INV LBA LCY LDY LGW LHR LPL LTN MAN \
         MME NCL NQY NWI PIK SEN SOU STN",
    ),
    ("Europe/Luxembourg", "LUX"),
    (
        "Europe/Madrid",
        "AGP ALC BCN BIO EAS GRO GRX IBZ LCG LEI MAD MAH MJV OVD PMI REU RMU SCQ SDR SVQ VGO VLC \
         VLL XRY ZAZ",
    ),
    ("Europe/Malta", "MLA"),
    ("Europe/Minsk", "MSQ"),
    (
        "Europe/Moscow",
        "AAQ AER ARH BZK DME GOJ GRV KRR KZN LED MCX MMK MRV NAL PES PKV ROV STW SVO VKO VOZ ZIA",
    ),
    ("Europe/Oslo", "AES ALF BDU BGO BOO EVE HAU HFT KKN KRS LKL MOL OSL SVG TOS TRD TRF"),
    (
        "Europe/Paris",
        "AJA BES BIA BIQ BOD BSL BVA CCF CDG CFE CLY DNR FSC GNB LDE LIL LRH LYS MLH MPL MRS NCE \
         NTE ORY PGF RNS SXB TLN TLS",
    ),
    ("Europe/Podgorica", "TGD TIV"),
    ("Europe/Prague", "BRQ OSR PRG"),
    ("Europe/Riga", "RIX"),
    (
        "Europe/Rome",
        "AHO AOI BDS BGY BLQ BRI CAG CIA CTA CUF FCO FLR GOA LIN MXP NAP OLB PEG PMF PMO PSA PSR \
         RMI SUF TPS TRN TRS TSF VCE VRN",
    ),
    ("Europe/Samara", "KUF"),
    ("Europe/Sarajevo", "OMO SJJ TZL"),
    ("Europe/Saratov", "GSV"),
    ("Europe/Skopje", "OHD SKP"),
    ("Europe/Sofia", "BOJ PDV SOF VAR"),
    ("Europe/Stockholm", "AGH ARN BMA GOT KRN LLA MMX NYO OSD UME VBY"),
    ("Europe/Tallinn", "TLL"),
    ("Europe/Tirane", "TIA"),
    ("Europe/Ulyanovsk", "ULV ULY"),
    ("Europe/Vienna", "GRZ INN KLU LNZ SZG VIE"),
    ("Europe/Vilnius", "KUN PLQ VNO"),
    ("Europe/Volgograd", "VOG"),
    ("Europe/Warsaw", "BZG GDN KRK KTW LCJ LUZ POZ RZE SZZ WAW WMI WRO"),
    ("Europe/Zagreb", "DBV PUY RJK SPU ZAD ZAG"),
    ("Europe/Zurich", "ACH BRN GVA LUG ZRH"),
    ("Indian/Antananarivo", "NOS TNR"),
    ("Indian/Christmas", "XCH"),
    ("Indian/Cocos", "CCK"),
    ("Indian/Comoro", "HAH"),
    ("Indian/Mahe", "SEZ"),
    ("Indian/Maldives", "GAN MLE"),
    ("Indian/Mauritius", "MRU RRG"),
    ("Indian/Mayotte", "DZA"),
    ("Indian/Reunion", "RUN"),
    ("Pacific/Apia", "APW"),
    ("Pacific/Auckland", "AKL CHC DUD HLZ IVC NPE NPL NSN PMR ROT TRG WLG ZQN"),
    ("Pacific/Chuuk", "TKK"),
    ("Pacific/Easter", "IPC"),
    ("Pacific/Efate", "SON VLI"),
    ("Pacific/Fiji", "NAN SUV"),
    ("Pacific/Funafuti", "FUN"),
    ("Pacific/Galapagos", "GPS SCY"),
    ("Pacific/Guadalcanal", "HIR"),
    ("Pacific/Guam", "GUM"),
    ("Pacific/Honolulu", "HNL ITO KOA LIH LNY MKK OGG"),
    ("Pacific/Kosrae", "KSA"),
    ("Pacific/Kwajalein", "KWA"),
    ("Pacific/Majuro", "MAJ"),
    ("Pacific/Nauru", "INU"),
    ("Pacific/Niue", "IUE"),
    ("Pacific/Norfolk", "NLK"),
    ("Pacific/Noumea", "NOU"),
    ("Pacific/Pago_Pago", "PPG"),
    ("Pacific/Palau", "ROR"),
    ("Pacific/Pohnpei", "PNI"),
    ("Pacific/Port_Moresby", "HGU LAE POM"),
    ("Pacific/Rarotonga", "RAR"),
    ("Pacific/Saipan", "ROP SPN"),
    ("Pacific/Tahiti", "BOB MOZ PPT RFP"),
    ("Pacific/Tarawa", "TRW"),
    ("Pacific/Tongatapu", "TBU"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_airport_stands_once_and_has_a_zone() {
        assert!(ZONES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (code, name) in [("SZX", "Asia/Shanghai"), ("OSL", "Europe/Oslo"), ("SYD", "Australia/Sydney")] {
            let zone = of(code.parse().unwrap()).unwrap();
            assert_eq!(zone.iana_name(), Some(name));
        }
        for (code, name) in
            [("TPA", "America/New_York"), ("FLL", "America/New_York"), ("ANC", "America/Anchorage")]
        {
            assert_eq!(of(code.parse().unwrap()).unwrap().iana_name(), Some(name));
        }
        assert!(ZONES.len() > 1_000, "{}", ZONES.len());
        assert!(of("QQQ".parse().unwrap()).is_none());
        let by_code = crate::ingest::zone_of("szx").unwrap();
        assert_eq!(by_code.iana_name(), Some("Asia/Shanghai"));
        assert!(crate::ingest::zone_of("Shenzhen").is_none());
    }
}
