import datetime
import re

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTH = (
    r"(?P<month>January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)"
)
WEEKDAY = rf"(?:(?P<weekday>{'|'.join(WEEKDAYS)}), )?"
DAY = r"(?P<day>[0-9]{1,2})(?P<suffix>st|nd|rd|th)?"
YEAR = r"(?P<year>[1-9][0-9]{3})"
FORMS = [
    rf"{WEEKDAY}{DAY} (?:of )?{MONTH}\.?,? {YEAR}",
    rf"{WEEKDAY}{MONTH}\.? {DAY},? {YEAR}",
    rf"(?P<day>[0-9]{{1,2}})(?P<mark>[./-])(?P<month>[0-9]{{1,2}})(?P=mark){YEAR}",
]


def solve(date: str) -> str:
    return parse_date(date).isoformat()


def parse_date(text):
    """A day such as '3 March 2024', 'Sunday, March 3rd, 2024', 'Mar. 3, 2024' or '3.3.2024' (day first)."""
    for form in FORMS:
        match = re.fullmatch(form, text)
        if match is not None:
            break
    else:
        raise ValueError(f"{text!r} is no date in a known form")
    found = match.groupdict()
    month = int(found["month"]) if found["month"].isdigit() else MONTHS.index(found["month"][:3]) + 1
    day = datetime.date(int(found["year"]), month, int(found["day"]))
    if found.get("suffix") not in (None, ordinal_ending(day.day)):
        raise ValueError(f"{text!r} has a wrong ordinal ending")
    if found.get("weekday") not in (None, WEEKDAYS[day.weekday()]):
        raise ValueError(f"{text!r} has a wrong weekday")
    return day


def ordinal_ending(number):
    if 11 <= number <= 13:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def read_date(text):
    try:
        parse_date(text)
    except ValueError:
        return None
    return {"date": text}
