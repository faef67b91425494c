def extract_2(text):
    match = re.fullmatch(
        r"Price list \(zone / first kg / each extra kg, weights rounded up to whole kg\): ([A-Z0-9 ./;]+)\. "
        rf"Quote the shipping price for {WEIGHT} kg to zone ([A-Z]), with a dollar sign and two decimals\.",
        text,
    )
    if match is None:
        return None
    return read_rates(match[1].split("; "), rf"([A-Z]) / {AMOUNT} / {AMOUNT}", match[3], match[2])
