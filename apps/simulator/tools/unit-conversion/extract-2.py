def extract_2(text):
    match = re.fullmatch(
        rf"The data sheet says {VALUE} {UNIT}, but our form wants {UNIT}\. Which number do I type in\? "
        r"It takes ([2-9]) decimals, half rounds away from zero\.",
        text,
    )
    return None if match is None else read_measure(match[1], match[2], match[3], match[4])
