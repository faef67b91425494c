def extract_0(text):
    match = re.fullmatch(
        r"Read the rest of the sequence, making sure to say how deep the parentheses are nested at most\. Input: (.+)",
        text,
    )
    if match is None:
        return None
    return read_sequence(match[1])
