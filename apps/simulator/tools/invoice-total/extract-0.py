def extract_0(text):
    match = re.fullmatch(
        rf"Invoice for {CUSTOMER}\n(.+)\nDiscount: ({PERCENT})%\nTax: ({PERCENT})%\n"
        r"Take off the discount, then add the tax on what is left, each rounded half up to whole cents\. "
        r"What is the total to pay\? Answer in the form \$1234\.50\.",
        text,
        re.DOTALL,
    )
    if match is None:
        return None
    return read_items(match[1].split("\n"), rf"{ITEM}: {QUANTITY} at \${PRICE}", match[2], match[3])
