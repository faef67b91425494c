def extract_0(text):
    match = re.fullmatch(
        r"Extract the level, the service and the code from this log line\. "
        r"Answer exactly in the form level=\.\.\. service=\.\.\. code=\.\.\. and in lower case\.\n(.+)",
        text,
    )
    return None if match is None else read_line(match[1])
