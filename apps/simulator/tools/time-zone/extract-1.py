def extract_1(text):
    match = re.fullmatch(
        rf"Convert the timestamp {DATE} {TIME} from UTC{OFFSET} to UTC{OFFSET} and keep its form, YYYY-MM-DD HH:MM\.",
        text,
    )
    return None if match is None else read_moment(match[1], match[2], match[3], match[4])
