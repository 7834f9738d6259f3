//! Which given names open which tags.

use proptest::prelude::*;

use super::*;
use crate::proof::is_named;

fn opens(written: &str, given: &str) -> bool {
    is_named(&TagName::of(written), &given.parse().unwrap())
}

#[track_caller]
fn check(pairs: &[(&str, &str)], expected: bool) {
    for (written, given) in pairs {
        assert_eq!(opens(written, given), expected, "{given} for {written}");
    }
}

#[test]
fn one_surname_is_one_however_it_is_written() {
    check(
        &[
            ("1ZHANG/SAN", "Zhang"),
            ("ZHANG/SANMR", "ZHANG "),
            ("2PAGE/L/B", "page"),
            ("SMITHJONES/A", "Smith-Jones"),
            ("ONEIL/P", "O'Neil"),
            ("DELACRUZ/M", "de la Cruz"),
            ("1MÜLLER/J", "Müller"),
            ("1张/三", "张"),
        ],
        true,
    );
    check(
        &[
            ("ZHANG/SAN", "Zhan"),
            ("ZHANG/SAN", "San"),
            ("ZHAN/GSAN", "ZHANG"),
            ("", "ZHANG"),
            ("/SAN", "SAN"),
        ],
        false,
    );
    assert!("".parse::<Surname>().is_err() && "12".parse::<Surname>().is_err());
    assert!("A".repeat(61).parse::<Surname>().is_err());
}

#[test]
fn a_surname_in_characters_opens_a_tag_in_letters() {
    check(&[("ZHANG/SAN", "张"), ("ZHANG/SAN", "張"), ("1WANG/XIAOMINGMS", "王")], true);
    check(&[("ZHANG/SAN", "李"), ("ZHANG/SAN", "三"), ("LI/SAN", "张")], false);
}

#[test]
fn every_reading_of_a_character_counts() {
    for (character, readings) in [
        ('单', &["SHAN", "DAN", "CHAN"][..]),
        ('曾', &["ZENG", "CENG"]),
        ('仇', &["QIU", "CHOU"]),
        ('解', &["XIE", "JIE"]),
        ('查', &["ZHA", "CHA"]),
        ('区', &["OU", "QU"]),
        ('朴', &["PIAO", "PU"]),
        ('盖', &["GE", "GAI"]),
        ('翟', &["ZHAI", "DI"]),
        ('乐', &["YUE", "LE"]),
        ('覃', &["QIN", "TAN"]),
        ('员', &["YUN", "YUAN"]),
        ('任', &["REN"]),
        ('尉', &["WEI", "YU"]),
    ] {
        for reading in readings {
            check(&[(&format!("{reading}/A"), &character.to_string())], true);
        }
    }
}

#[test]
fn the_letter_u_umlaut_is_v_u_or_yu() {
    for written in ["LYU/BU", "LV/BU", "LU/BU", "LÜ/BU"] {
        check(&[(written, "吕"), (written, "Lü"), (written, "LV"), (written, "LYU"), (written, "Lu")], true);
    }
    check(&[("LYUQIU/A", "闾丘"), ("NV/A", "Nü"), ("LVE/A", "LYUE")], true);
    check(&[("LV/BU", "陆"), ("LYU/BU", "卢"), ("LI/BU", "吕"), ("SILVA/A", "SILA")], false);
}

#[test]
fn a_compound_surname_is_one_surname() {
    check(
        &[
            ("OUYANG/NA", "欧阳"),
            ("OUYANG/NA", "歐陽"),
            ("OU YANG/NA", "欧阳"),
            ("OUYANG/NANA", "欧阳娜娜"),
            ("MOQI/A", "万俟"),
            ("YUCHI/A", "尉迟"),
            ("ZHANGSUN/A", "长孙"),
            ("OUYANG/NA", "Ou-Yang"),
        ],
        true,
    );
    check(&[("OU/NA", "欧阳"), ("OUYANG/NA", "欧"), ("OUYANG/NA", "阳")], false);
}

#[test]
fn a_whole_name_opens_in_either_order_and_with_a_title_glued_on() {
    for given in ["张三", "Zhang San", "San Zhang", "ZHANG SAN", "zhang-san"] {
        for written in ["ZHANG/SAN", "ZHANG/SANMR", "ZHANG/SAN MRS", "1ZHANG/SANMISS", "SAN/ZHANG"] {
            check(&[(written, given)], true);
        }
    }
    check(&[("ZHANGMR", "张"), ("ZHANG/MR", "张三"), ("ZHANG/SI", "张三"), ("2PAGE/L/B", "Page B")], true);
    check(&[("ZHANG/SI", "Zhang San"), ("SAN/ZHANG", "Zhang"), ("MR/SAN", "San")], false);
}

#[test]
fn every_tag_is_compared_with_as_much_work() {
    for written in ["", "ZHANG", "ZHANG/SAN", "2PAGE/L/B", "A/B/C/D/E/F/G/H"] {
        assert_eq!(TagName::of(written).forms().len(), TAG_FORMS);
    }
    let many = Surname::of("单单单单单单单单单单");
    assert!(many.forms().len() <= MAX_FORMS && !many.forms().contains(&String::new()));
}

proptest! {
    #[test]
    fn a_name_never_panics_and_keeps_what_was_given(text in ".{0,24}") {
        let surname = Surname::of(&text);
        prop_assert_eq!(surname.as_str(), &*letters(text.split('/').next().unwrap_or_default()));
        TagName::of(&text);
    }

    #[test]
    fn a_surname_opens_its_own_tag(surname in "[A-Z\u{4E00}-\u{9FA5}]{1,12}", given in "[A-Z]{0,12}") {
        let tag = TagName::of(&format!("{surname}/{given}"));
        prop_assert!(given.is_empty() || is_named(&tag, &Surname::of(&surname)));
    }
}
