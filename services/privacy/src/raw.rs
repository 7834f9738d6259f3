//! Subjects of raw messages (`SubjectId::of_raw`): one per source and day of
//! receipt, so that a day whose retention is over is destroyed by destroying one
//! key a source.

use jiff::civil::Date;

/// How every raw subject begins.
pub(crate) const PREFIX: &str = "source-";

/// The first text after every raw subject, in byte order.
pub(crate) const PREFIX_END: &str = "source.";

/// Length of `-YYYY-MM-DD`.
const DAY_LEN: usize = 11;

/// Returns the day of a raw subject; `None` for any other subject.
pub(crate) fn raw_day(subject: &str) -> Option<Date> {
    let rest = subject.strip_prefix(PREFIX)?;
    let day = rest.get(rest.len().checked_sub(DAY_LEN)?..)?.strip_prefix('-')?;
    day.parse::<Date>().ok().filter(|date| date.to_string() == day)
}

#[cfg(test)]
mod tests {
    use airside_kernel::SubjectId;
    use jiff::civil::date;

    use super::*;

    #[test]
    fn day_of_a_raw_subject_is_read_from_its_end() {
        let day = date(2026, 11, 20);
        for source in ["bhs", "bhs-t2", "x-2020-01-01", ""] {
            assert_eq!(raw_day(SubjectId::of_raw(source, day).as_str()), Some(day), "{source}");
        }
    }

    #[test]
    fn other_subjects_have_no_day() {
        for subject in
            ["", "source-", "source-x", "journey-2026-11-20", "source-x-2026-13-40", "source-x20261120"]
        {
            assert_eq!(raw_day(subject), None, "{subject}");
        }
        assert_eq!(raw_day("source-x-2026é1-20"), None);
    }
}
