def extract_1(text):
    match = re.fullmatch(
        r"A carrier charges by zone: ([^\n]+)\. A started kilogram is charged as a whole one\. "
        rf"A customer in zone ([A-Z]) orders {WEIGHT} kg of goods in one box\. Work out the postage in the form \$7\.15\.",
        text,
    )
    if match is None:
        return None
    row = rf"zone ([A-Z]) costs \${AMOUNT} for up to 1 kg plus \${AMOUNT} per extra kg"
    return read_rates(match[1].split("; "), row, match[2], match[3])
