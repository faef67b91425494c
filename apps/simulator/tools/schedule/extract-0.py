def extract_0(text):
    match = re.fullmatch(
        r"([^\n]+) want to schedule a ([0-9]+(?:\.[0-9]+)?)-hour meeting together\.\n"
        r"(.+)\n"
        r"What time slot works best\? \(if multiple, choose the earliest one\)",
        text,
        re.DOTALL,
    )
    if match is None:
        return None
    return read_meeting(match[1], match[2], match[3].split("\n"), "'s availability: ")
