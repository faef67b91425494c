def extract_0(text):
    match = re.fullmatch(
        r"Complete the rest of the sequence, making sure that the parentheses are closed properly\. Input: (.+)",
        text,
    )
    if match is None:
        return None
    return read_sequence(match[1])
