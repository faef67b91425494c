def extract_2(text):
    packs = r"packs of ([0-9]{1,9}) leave ([0-9]{1,9}) loose"
    match = re.fullmatch(
        r"Tell me the count of [a-z]+ in the store, knowing that it is ([0-9]{1,15}) or fewer: "
        rf"{packs}, {packs}, and {packs}\.",
        text,
    )
    if match is None:
        return None
    return read_numbers(match[1], [(match[2], match[3]), (match[4], match[5]), (match[6], match[7])])
