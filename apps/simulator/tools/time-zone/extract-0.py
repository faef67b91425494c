def extract_0(text):
    match = re.fullmatch(
        rf"A meeting starts on {DATE} at {TIME} in an office at UTC{OFFSET}\. "
        rf"What do the clock and calendar say at that moment in an office at UTC{OFFSET}\? Answer as YYYY-MM-DD HH:MM\.",
        text,
    )
    return None if match is None else read_moment(match[1], match[2], match[3], match[4])
