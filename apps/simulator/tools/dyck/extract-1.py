def extract_1(text):
    match = re.fullmatch(
        r"Write the brackets that are still missing at the end so that every opened bracket is closed: (.+)",
        text,
    )
    if match is None:
        return None
    return read_sequence(match[1])
