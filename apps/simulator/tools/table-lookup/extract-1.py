def extract_1(text):
    match = re.fullmatch(
        rf"Look at this CSV data:\n(.+)\nFor the line that starts with ({CELL}), "
        rf'give the value in column "({COLUMN})" and nothing else\.',
        text,
        re.DOTALL,
    )
    return None if match is None else read_question(read_csv(match[1]), match[2], match[3])
