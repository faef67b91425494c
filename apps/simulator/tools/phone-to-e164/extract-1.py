def extract_1(text):
    match = re.fullmatch(
        rf"A caller from {COUNTRY} left the number {NUMBER}\. Store it as E\.164, a plus sign and digits only\. "
        rf"The country code there is \+{CODE}, and the prefix {TRUNK} is dialled only inside the country; "
        r"\+ or 00 in front means that the number is international already\.",
        text,
    )
    return None if match is None else read_number(match[1], match[2], match[3])
