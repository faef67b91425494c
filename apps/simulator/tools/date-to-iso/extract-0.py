def extract_0(text):
    match = re.fullmatch(
        r"Write this date in the form YYYY-MM-DD \(the day comes first where it is numbers only\): (.+)",
        text,
    )
    return None if match is None else read_date(match[1])
