import re


def solve(hours: float, availabilities: list[list[str]]) -> str:
    length = round(hours * 60)
    if length <= 0 or length != hours * 60 or not availabilities:
        raise ValueError("this is no meeting")
    common = set(range(24 * 60))
    for times in availabilities:
        common &= {minute for time in times for minute in range(*read_time(time))}
    for start in range(24 * 60 - length + 1):
        if start in common and common.issuperset(range(start, start + length)):
            return f"{clock(start)} - {clock(start + length)}"
    return "No time slot works."


def read_time(time):
    """Start and end of '09:00 - 10:30', in minutes of the day."""
    match = re.fullmatch(r"([0-2][0-9]):([0-5][0-9]) - ([0-2][0-9]):([0-5][0-9])", time)
    if match is None:
        raise ValueError(f"{time!r} is no time")
    start = int(match[1]) * 60 + int(match[2])
    end = int(match[3]) * 60 + int(match[4])
    if not start < end <= 24 * 60:
        raise ValueError(f"{time!r} is no time of one day")
    return start, end


def clock(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


def read_meeting(people, hours, lines, between):
    """The arguments, where each of `lines` is a person of `people`, then `between`, then the free times."""
    if re.fullmatch(r"[A-Z][a-z]*(?:, [A-Z][a-z]*)*,? and [A-Z][a-z]*", people) is None:
        return None
    names = re.split(r",? and |, ", people)
    if len(lines) != len(names) or len(set(names)) != len(names):
        return None
    availabilities = []
    for name, line in zip(names, lines):
        if not line.startswith(name + between):
            return None
        availabilities.append(line.removeprefix(name + between).split(", "))
    try:
        for times in availabilities:
            for time in times:
                read_time(time)
    except ValueError:
        return None
    hours = float(hours)
    if hours <= 0 or not (hours * 60).is_integer():
        return None
    return {"hours": int(hours) if hours.is_integer() else hours, "availabilities": availabilities}
