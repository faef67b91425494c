def extract_0(text):
    match = re.fullmatch(
        rf"Here is a table\.\n(.+)\nWhat is the ({COLUMN}) where ({COLUMN}) is ({CELL})\? Answer with the cell alone\.",
        text,
        re.DOTALL,
    )
    if match is None:
        return None
    table = read_markdown(match[1])
    if table is None or table[0][0] != match[2]:
        return None
    return read_question(table, match[3], match[4])
