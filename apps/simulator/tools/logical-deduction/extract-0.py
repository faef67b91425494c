def extract_0(text):
    match = re.fullmatch(
        r"The following paragraphs each describe a set of ([a-z]+) objects arranged in a fixed order\. "
        r"The statements are logically consistent within each paragraph\. ([^\n]+)\nOptions:\n(.+)",
        text,
        re.DOTALL,
    )
    if match is None:
        return None
    return read_puzzle(match[2], match[3], match[1])
