def extract_0(text):
    share = r"we divide them equally among ([0-9]{1,9}) [a-z]+, we have ([0-9]{1,9}) left"
    match = re.fullmatch(
        r"There is a basket of no more than ([0-9]{1,15}) ([a-z]+)\. "
        rf"If {share}; if {share}; if {share}\. How many ([a-z]+) are in the basket\?",
        text,
    )
    if match is None or match[2] != match[9]:
        return None
    return read_numbers(match[1], [(match[3], match[4]), (match[5], match[6]), (match[7], match[8])])
