def extract_2(text):
    match = re.fullmatch(
        r"The bracket string (.+) is not finished\. Which closing brackets finish it, in order\?",
        text,
    )
    if match is None:
        return None
    return read_sequence(match[1])
