def extract_1(text):
    match = re.fullmatch(
        r'A customer wrote "([^"\n]+)" on a form; numbers alone mean day, month, year\. '
        r"Which calendar day was meant\? Reply as YYYY-MM-DD\.",
        text,
    )
    return None if match is None else read_date(match[1])
