def extract_0(text):
    match = re.fullmatch(
        r"Shipping rates per parcel:\n((?:Zone [^\n]+\n)+)"
        rf"Every started kilogram counts in full\. What does a parcel of {WEIGHT} kg to zone ([A-Z]) cost\? "
        r"Answer in dollars and cents, like \$7\.15\.",
        text,
    )
    if match is None:
        return None
    row = rf"Zone ([A-Z]): \${AMOUNT} for the first kilogram, \${AMOUNT} for each further one"
    return read_rates(match[1].removesuffix("\n").split("\n"), row, match[3], match[2])
