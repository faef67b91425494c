def extract_2(text):
    match = re.fullmatch(
        rf"Records: ([^\n]+)\. Search them for ({CELL}) and report its ({COLUMN}) as one value only\.",
        text,
    )
    return None if match is None else read_question(read_records(match[1]), match[2], match[3])
