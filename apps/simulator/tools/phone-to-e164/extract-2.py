def extract_2(text):
    match = re.fullmatch(
        rf"Contact in {COUNTRY} \| phone: {NUMBER} \| country code: \+{CODE} \| trunk prefix: {TRUNK}\n"
        r"Rewrite the phone field in E\.164: without the trunk prefix, "
        r"and with the country code unless it begins with \+ or 00 and so has one\.",
        text,
    )
    return None if match is None else read_number(match[1], match[2], match[3])
