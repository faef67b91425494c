def extract_2(text):
    match = re.fullmatch(
        rf"Follow the exchange and say which thing ({NAME}) takes home\. Brought along were ([^.\n]+)\. "
        r"Exchanges, in this order: ([^.\n]+)\.\nChoices:\n(.+)",
        text,
        re.DOTALL,
    )
    if match is None:
        return None
    person, brought, exchanges, options = match.groups()
    pairs = read_parts(rf"{ITEM} by ({NAME})", brought.split(", "))
    swaps = read_parts(rf"({NAME}) and ({NAME})", exchanges.split("; "))
    if not pairs or not swaps:
        return None
    return read_exchange([(name, item) for item, name in pairs], swaps, person, options)
