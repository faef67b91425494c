def extract_1(text):
    match = re.fullmatch(
        r"Write the number of brackets that are open at the same time at most, until every opened bracket is closed: (.+)",
        text,
    )
    if match is None:
        return None
    return read_sequence(match[1])
