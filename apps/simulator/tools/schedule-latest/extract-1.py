def extract_1(text):
    match = re.fullmatch(
        r"Find a time for ([^\n]+) to meet for ([0-9]+(?:\.[0-9]+)?) h\.\n"
        r"(.+)\n"
        r"Give the latest slot that suits everyone\.",
        text,
        re.DOTALL,
    )
    if match is None:
        return None
    return read_meeting(match[1], match[2], match[3].split("\n"), " is free at ")
