def extract_0(text):
    match = re.fullmatch(
        rf"Convert {VALUE} {UNIT} to {UNIT}\. Round to ([2-9]) decimal places, "
        r"halves away from zero, and answer with the number alone\.",
        text,
    )
    return None if match is None else read_measure(match[1], match[2], match[3], match[4])
