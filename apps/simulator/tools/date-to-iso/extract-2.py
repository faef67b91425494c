def extract_2(text):
    match = re.fullmatch(
        r"Bring the field to ISO 8601\. Field: ([^;\n]+); numeric fields have the day first; wanted: the same day, YYYY-MM-DD",
        text,
    )
    return None if match is None else read_date(match[1])
