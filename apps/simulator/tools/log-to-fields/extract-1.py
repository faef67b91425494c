def extract_1(text):
    match = re.fullmatch(
        r"Log line: (.+)\nGive three of its fields as one row in lower case, "
        r"level=<level> service=<service> code=<code>, and leave the rest out\.",
        text,
    )
    return None if match is None else read_line(match[1])
