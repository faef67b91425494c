import datetime
import re

DATE = r"([1-9][0-9]{3}-[0-9]{2}-[0-9]{2})"
TIME = r"((?:[01][0-9]|2[0-3]):[0-5][0-9])"
OFFSET = r"([+-][01][0-9]:[0-5][0-9])"


def solve(date: str, time: str, from_offset: str, to_offset: str) -> str:
    if re.fullmatch(DATE, date) is None or re.fullmatch(TIME, time) is None:
        raise ValueError(f"{date!r}, {time!r} is no time of a day")
    moment = datetime.datetime.fromisoformat(f"{date} {time}")
    moment += datetime.timedelta(minutes=offset_minutes(to_offset) - offset_minutes(from_offset))
    return moment.isoformat(" ", "minutes")


def offset_minutes(offset):
    if re.fullmatch(OFFSET, offset) is None:
        raise ValueError(f"{offset!r} is no offset")
    minutes = int(offset[1:3]) * 60 + int(offset[4:])
    if minutes > 14 * 60:
        raise ValueError(f"no place is at UTC{offset}")
    return -minutes if offset[0] == "-" else minutes


def read_moment(date, time, from_offset, to_offset):
    arguments = {"date": date, "time": time, "from_offset": from_offset, "to_offset": to_offset}
    try:
        solve(**arguments)
    except (ValueError, OverflowError):
        return None
    return arguments
