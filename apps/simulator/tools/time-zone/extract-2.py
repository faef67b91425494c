def extract_2(text):
    match = re.fullmatch(
        rf"Our server keeps its logs at UTC{OFFSET} and wrote {DATE} {TIME}\. "
        rf"Which local date and time was that for a user at UTC{OFFSET}\? Use 24-hour time, YYYY-MM-DD HH:MM\.",
        text,
    )
    return None if match is None else read_moment(match[2], match[3], match[1], match[4])
