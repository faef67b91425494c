def extract_1(text):
    match = re.fullmatch(
        rf"Look at this CSV data:\n(.+)\nFor the line that has ({CELL}) in column \"({COLUMN})\", "
        r"give the first value and nothing else\.",
        text,
        re.DOTALL,
    )
    return None if match is None else read_question(read_csv(match[1]), match[3], match[2])
