def extract_1(text):
    match = re.fullmatch(
        r"Gifts go around among ([^.\n]+)\. To begin with, ([^.\n]+)\. They then trade two at a time: ([^.\n]+)\. "
        rf"When all the trades are done, what does ({NAME}) hold\?\n(.+)",
        text,
        re.DOTALL,
    )
    if match is None:
        return None
    people, holdings, trades, person, options = match.groups()
    start = read_parts(rf"({NAME}) holds {ITEM}", re.split(r", (?:and )?", holdings))
    swaps = read_parts(rf"({NAME}) with ({NAME})", trades.split(", "))
    if not start or not swaps or listed([name for name, _ in start]) != people:
        return None
    return read_exchange(start, swaps, person, options)
