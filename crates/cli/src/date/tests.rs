use super::*;

/// A Wednesday: 11:30 in Berlin, which is an hour ahead, and still Tuesday in Honolulu, which is ten behind.
const NOW: &str = "2026-11-25T10:30:00Z";

fn calendar(now: &str, zone: &str) -> Calendar {
    Calendar::new(now.parse().unwrap(), zone.parse().unwrap())
}

fn show(read: Result<Moment, DateError>) -> String {
    match read {
        Ok(Moment::At(at)) => at.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Ok(Moment::On(day)) => day.to_string(),
        Err(error) => error.to_string(),
    }
}

fn ahead(text: &str) -> String {
    show(calendar(NOW, "Europe/Berlin").ahead(text))
}

#[test]
fn what_is_to_come_is_read_in_the_zone_of_the_settings() {
    for (text, meant) in [
        ("2026-12-01", "2026-12-01"),
        (" 2026/12/01 ", "2026-12-01"),
        ("2026.12.01", "2026-12-01"),
        ("1 December 2026", "2026-12-01"),
        ("1 dec 2026", "2026-12-01"),
        ("Dec 1, 2026", "2026-12-01"),
        ("December 1 2026", "2026-12-01"),
        ("2026-12-01 17:00", "2026-12-01T16:00:00Z"),
        ("2026-12-01T17:00", "2026-12-01T16:00:00Z"),
        ("2026-12-01 17:00:05", "2026-12-01T16:00:05Z"),
        ("2026-12-01, 5pm", "2026-12-01T16:00:00Z"),
        ("1 Dec 2026 9:05", "2026-12-01T08:05:00Z"),
        ("2026-12-01T17:00:00+05:00", "2026-12-01T12:00:00Z"),
        ("2026-12-01T17:00:00Z", "2026-12-01T17:00:00Z"),
        ("today", "2026-11-25"),
        ("today noon", "2026-11-25T11:00:00Z"),
        ("17:00", "2026-11-25T16:00:00Z"),
        ("5pm", "2026-11-25T16:00:00Z"),
        ("at 5 pm", "2026-11-25T16:00:00Z"),
        ("Tomorrow", "2026-11-26"),
        ("tomorrow 12am", "2026-11-25T23:00:00Z"),
        ("tomorrow at 12:30 PM", "2026-11-26T11:30:00Z"),
        ("day after tomorrow", "2026-11-27"),
        ("friday", "2026-11-27"),
        ("on Friday", "2026-11-27"),
        ("this friday", "2026-11-27"),
        ("friday 17:00", "2026-11-27T16:00:00Z"),
        ("fri 5:30pm", "2026-11-27T16:30:00Z"),
        ("monday", "2026-11-30"),
        // The name of this day is a week from now.
        ("wednesday", "2026-12-02"),
        ("in 3 days", "2026-11-28"),
        ("in a week", "2026-12-02"),
        ("in 2 weeks at 9:00", "2026-12-09T08:00:00Z"),
        ("in 3 months", "2027-02-25"),
        ("in 4 hours", "2026-11-25T14:30:00Z"),
        ("in an hour", "2026-11-25T11:30:00Z"),
        ("in 90 minutes", "2026-11-25T12:00:00Z"),
        ("+3d", "2026-11-28"),
        ("+3d 12:00", "2026-11-28T11:00:00Z"),
        ("+2w", "2026-12-09"),
        ("+4h", "2026-11-25T14:30:00Z"),
    ] {
        assert_eq!(ahead(text), meant, "{text}");
    }
}

#[test]
fn the_day_that_it_is_depends_on_the_zone() {
    for (zone, today, at_five) in [
        ("UTC", "2026-11-25", "2026-11-25T17:00:00Z"),
        ("Pacific/Honolulu", "2026-11-25", "2026-11-26T03:00:00Z"),
        ("Pacific/Kiritimati", "2026-11-26", "2026-11-26T03:00:00Z"),
    ] {
        let calendar = calendar("2026-11-25T10:30:00Z", zone);
        assert_eq!(show(calendar.ahead("today")), today, "{zone}");
        assert_eq!(show(calendar.ahead("today 17:00")), at_five, "{zone}");
    }
    // An hour before midnight in London it is the day after in Berlin.
    let berlin = calendar("2026-11-25T23:30:00Z", "Europe/Berlin");
    assert_eq!(show(berlin.ahead("tomorrow")), "2026-11-27");
}

#[test]
fn clocks_that_change_make_days_longer_and_shorter_and_hours_none() {
    // Saturday noon in Berlin, the day before clocks go from 02:00 to 03:00.
    let spring = calendar("2026-03-28T11:00:00Z", "Europe/Berlin");
    for (text, meant) in [
        // The same time on clocks, 23 hours later; 24 hours are an hour more.
        ("tomorrow 12:00", "2026-03-29T10:00:00Z"),
        ("in 24 hours", "2026-03-29T11:00:00Z"),
        ("tomorrow 01:59", "2026-03-29T00:59:00Z"),
        ("tomorrow 03:00", "2026-03-29T01:00:00Z"),
        (
            "tomorrow 02:30",
            "\"tomorrow 02:30\" is when clocks go forward in Europe/Berlin: there is no such time on that day",
        ),
    ] {
        assert_eq!(show(spring.ahead(text)), meant, "{text}");
    }
    // The day before they go from 03:00 back to 02:00: of two times on clocks the first is meant.
    let autumn = calendar("2026-10-24T10:00:00Z", "Europe/Berlin");
    for (text, meant) in [
        ("tomorrow 02:30", "2026-10-25T00:30:00Z"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00Z"),
        ("tomorrow 12:00", "2026-10-25T11:00:00Z"),
    ] {
        assert_eq!(show(autumn.ahead(text)), meant, "{text}");
    }
}

#[test]
fn a_day_begins_and_ends_where_the_zone_says() {
    for (zone, day, begin, end) in [
        (
            "UTC",
            "2026-12-01",
            "2026-12-01T00:00:00Z",
            "2026-12-01T23:59:59Z",
        ),
        (
            "Europe/Berlin",
            "2026-03-29",
            "2026-03-28T23:00:00Z",
            "2026-03-29T21:59:59Z",
        ),
        (
            "Europe/Berlin",
            "2026-10-25",
            "2026-10-24T22:00:00Z",
            "2026-10-25T22:59:59Z",
        ),
        // Clocks in Beirut go from 00:00 to 01:00 on the last Sunday of March.
        (
            "Asia/Beirut",
            "2025-03-30",
            "2025-03-29T22:00:00Z",
            "2025-03-30T20:59:59Z",
        ),
        (
            "Asia/Beirut",
            "2025-03-29",
            "2025-03-28T22:00:00Z",
            "2025-03-29T21:59:59Z",
        ),
    ] {
        let calendar = calendar(NOW, zone);
        let moment = calendar.absolute(day).unwrap();
        let shown = |at: Result<DateTime<Utc>, DateError>| show(at.map(Moment::At));
        assert_eq!(shown(calendar.from(moment, day)), begin, "{zone} {day}");
        assert_eq!(shown(calendar.by(moment, day)), end, "{zone} {day}");
    }
}

#[test]
fn what_happened_is_looked_for_before_now() {
    let calendar = calendar(NOW, "Europe/Berlin");
    for (text, meant) in [
        ("now", "2026-11-25T10:30:00Z"),
        ("Today", "2026-11-25T10:30:00Z"),
        ("2026-11-25", "2026-11-25T10:30:00Z"),
        ("today 9:00", "2026-11-25T08:00:00Z"),
        ("9am", "2026-11-25T08:00:00Z"),
        ("yesterday", "2026-11-24T22:59:59Z"),
        ("yesterday 15:00", "2026-11-24T14:00:00Z"),
        ("monday", "2026-11-23T22:59:59Z"),
        ("last monday", "2026-11-23T22:59:59Z"),
        ("fri 17:00", "2026-11-20T16:00:00Z"),
        ("wednesday", "2026-11-18T22:59:59Z"),
        ("-3d", "2026-11-22T22:59:59Z"),
        ("3 days ago", "2026-11-22T22:59:59Z"),
        ("a week ago at 8:15", "2026-11-18T07:15:00Z"),
        ("-1w 8:15", "2026-11-18T07:15:00Z"),
        ("-2h", "2026-11-25T08:30:00Z"),
        ("2 hours ago", "2026-11-25T08:30:00Z"),
        ("2026-11-01 12:00", "2026-11-01T11:00:00Z"),
        // A time of this day that is still to come is left to the server to refuse.
        ("today 17:00", "2026-11-25T16:00:00Z"),
    ] {
        assert_eq!(show(calendar.past(text).map(Moment::At)), meant, "{text}");
    }
}

#[test]
fn what_is_to_come_did_not_happen() {
    let calendar = calendar(NOW, "Europe/Berlin");
    for text in [
        "tomorrow",
        "+3d",
        "in 3 days",
        "soon",
        "-d",
        "-3x",
        "-2h 3:00",
        "now 3:00",
        "-99999999999d",
    ] {
        let refused = Err(DateError::NotPast(text.to_owned()));
        assert_eq!(calendar.past(text), refused, "{text}");
    }
}

#[test]
fn what_could_be_two_dates_is_refused() {
    let calendar = calendar(NOW, "UTC");
    for text in [
        "01/12/2026",
        "1.12.2026",
        "1/12/26",
        "13-12-2026",
        "01/12/2026 17:00",
    ] {
        let refused = DateError::Ambiguous(text.to_owned());
        assert_eq!(calendar.ahead(text), Err(refused.clone()), "{text}");
        assert_eq!(calendar.past(text), Err(refused), "{text}");
    }
    for text in ["next friday", "next Fri 17:00", "next week"] {
        let refused = Err(DateError::NextOrAfter(text.to_owned()));
        assert_eq!(calendar.ahead(text), refused, "{text}");
    }
}

#[test]
fn nonsense_is_refused() {
    let calendar = calendar(NOW, "Europe/Berlin");
    for text in [
        "",
        "soon",
        "at",
        "2026-02-30",
        "2026-12-01 25:00",
        "friday 25:00",
        "13pm",
        "0am",
        "5:60pm",
        "+d",
        "+3x",
        "+ä",
        "ä",
        "in ä",
        "+99999999999d",
        "+4294967295w",
        "+4h 3:00",
        "12026-01-01",
        "3 days ago",
        "in days",
        "in -3 days",
    ] {
        let refused = Err(DateError::Unknown(text.to_owned()));
        assert_eq!(calendar.ahead(text), refused, "{text}");
    }
}

#[test]
fn an_absolute_date_does_not_depend_on_the_day_it_is_read() {
    let calendar = calendar(NOW, "Europe/Berlin");
    for text in ["today", "friday", "+3d", "17:00"] {
        let refused = Err(DateError::NotAbsolute(text.to_owned()));
        assert_eq!(calendar.absolute(text), refused, "{text}");
    }
}
