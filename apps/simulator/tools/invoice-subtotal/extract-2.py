def extract_2(text):
    match = re.fullmatch(
        rf"Bill to check for {CUSTOMER} \(quantity, item, unit price\)\n(.+)\nless ({PERCENT})% rebate\n"
        rf"plus ({PERCENT})% VAT on the rest\n"
        r"State the net sum without VAT as \$1234\.50\. The rebate is rounded half up to whole cents\.",
        text,
        re.DOTALL,
    )
    if match is None:
        return None
    return read_items(match[1].split("\n"), rf"{QUANTITY}, {ITEM}, {PRICE}", match[2], match[3])
