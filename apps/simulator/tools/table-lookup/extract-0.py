def extract_0(text):
    match = re.fullmatch(
        rf"Here is a table\.\n(.+)\nWhat is the ({COLUMN}) of ({CELL})\? Answer with the cell alone\.",
        text,
        re.DOTALL,
    )
    return None if match is None else read_question(read_markdown(match[1]), match[3], match[2])
