def extract_1(text):
    match = re.fullmatch(
        r"Work out the only order that fits all of these clues\. ([^\n]+) Which of the claims below must then be true\?\n(.+)",
        text,
        re.DOTALL,
    )
    if match is None:
        return None
    return read_puzzle(match[1], match[2])
