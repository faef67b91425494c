def extract_2(text):
    match = re.fullmatch(
        r"We index our logs by three things only\. Write the index entry \(level=L service=S code=C, all lower case\) "
        r"for the entry between the marks\.\n<<<\n(.+)\n>>>",
        text,
    )
    return None if match is None else read_line(match[1])
