def extract_2(text):
    match = re.fullmatch(
        r"Here is a small puzzle with ([a-z]+) things in a row\. ([^\n]+)\n"
        r"Only one choice is correct; answer with its letter\.\nChoices:\n(.+)",
        text,
        re.DOTALL,
    )
    if match is None:
        return None
    return read_puzzle(match[2], match[3], match[1])
