//! floor 8: the time of day as text (RFC 867 leaves the form open; this is that of RFC 3339).

/// `2026-11-21 17:25:52 UTC` for so many seconds since 1970, and the end of a line.
pub(super) fn text(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC\r\n")
}

/// Year, month and day, so many days after the first of January 1970.
fn civil(days: u64) -> (u64, u64, u64) {
    let (mut year, mut left) = (1970 + 400 * (days / DAYS_OF_400_YEARS), days % DAYS_OF_400_YEARS);
    while left >= days_of(year) {
        left -= days_of(year);
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    (year, month, left + 1)
}

/// After these the calendar repeats.
const DAYS_OF_400_YEARS: u64 = 146_097;

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400)
}

const fn days_of(year: u64) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quickcheck::quickcheck;

    #[test]
    fn known_days_have_their_names() {
        assert_eq!(text(0), "1970-01-01 00:00:00 UTC\r\n");
        assert_eq!(text(951_782_400), "2000-02-29 00:00:00 UTC\r\n");
        assert_eq!(text(4_107_542_399), "2100-02-28 23:59:59 UTC\r\n");
        assert_eq!(text(4_107_542_400), "2100-03-01 00:00:00 UTC\r\n");
    }

    quickcheck! {
        fn the_next_day_is_the_next_date(days: u32) -> bool {
            let (today, tomorrow) = (civil(days.into()), civil(u64::from(days) + 1));
            let (year, month, day) = today;
            let next = [(year, month, day + 1), (year, month + 1, 1), (year + 1, 1, 1)];
            next.contains(&tomorrow)
        }
    }
}
