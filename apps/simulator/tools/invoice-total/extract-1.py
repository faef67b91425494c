def extract_1(text):
    match = re.fullmatch(
        rf"Please work out what {CUSTOMER} owes in the end: ([^\n]+), with ({PERCENT})% off and ({PERCENT})% sales tax on the reduced price; "
        r"discount and tax are each rounded half up to the cent\. Give the amount like \$1234\.50\.",
        text,
    )
    if match is None:
        return None
    return read_items(match[1].split(", "), rf"{QUANTITY} x {ITEM} \(\${PRICE} each\)", match[2], match[3])
