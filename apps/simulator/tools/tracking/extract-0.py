def extract_0(text):
    match = re.fullmatch(
        r"([^\n]+) are holding a white elephant gift exchange\. At the start of the event, they are each holding a present "
        r"of a different color: ([^.\n]+)\. As the event progresses, pairs of people swap gifts\. (First, [^\n]+\.) "
        rf"At the end of the event, ({NAME}) has the\nOptions:\n(.+)",
        text,
        re.DOTALL,
    )
    if match is None:
        return None
    people, holdings, sentences, person, options = match.groups()
    start = read_parts(rf"({NAME}) has {ITEM}", re.split(r", (?:and )?", holdings))
    steps = read_parts(rf"(First|Then|Finally), ({NAME}) and ({NAME}) swap their gifts", sentences.removesuffix(".").split(". "))
    if not start or not steps or listed([name for name, _ in start]) != people:
        return None
    order = [word for word, _, _ in steps]
    if order[0] != "First" or "First" in order[1:] or "Finally" in order[:-1]:
        return None
    return read_exchange(start, [(first, second) for _, first, second in steps], person, options)
