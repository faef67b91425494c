def extract_2(text):
    match = re.fullmatch(
        r"These are the free times in the calendar\. ([^.\n]+)\. They need ([0-9]+(?:\.[0-9]+)?) h in one piece: "
        r"which slot is the first that works for all of ([^\n]+)\?",
        text,
    )
    if match is None:
        return None
    return read_meeting(match[3], match[2], match[1].split("; "), ": ")
