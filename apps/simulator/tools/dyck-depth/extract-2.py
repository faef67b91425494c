def extract_2(text):
    match = re.fullmatch(
        r"The bracket string (.+) is not finished\. Which depth do its brackets reach, at most\?",
        text,
    )
    if match is None:
        return None
    return read_sequence(match[1])
