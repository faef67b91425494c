def extract_1(text):
    match = re.fullmatch(
        rf"How many {UNIT} are {VALUE} {UNIT}\? Give just the number, with ([2-9]) digits after the decimal point "
        r"\(an exact half is rounded away from zero\)\.",
        text,
    )
    return None if match is None else read_measure(match[2], match[3], match[1], match[4])
