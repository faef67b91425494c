def extract_0(text):
    match = re.fullmatch(
        rf"Bring this phone number to E\.164 form\. Country code: \+{CODE}\. Trunk prefix to drop: {TRUNK}\. "
        rf"A number with \+ or 00 in front has its country code already\. Number: {NUMBER}",
        text,
    )
    return None if match is None else read_number(match[3], match[1], match[2])
