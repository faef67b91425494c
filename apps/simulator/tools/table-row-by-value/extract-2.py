def extract_2(text):
    match = re.fullmatch(
        rf"Records: ([^\n]+)\. Find the one whose ({COLUMN}) is ({CELL}) and report its ({COLUMN}) as one value only\.",
        text,
    )
    if match is None:
        return None
    table = read_records(match[1])
    if table is None or table[0][0] != match[4]:
        return None
    return read_question(table, match[2], match[3])
