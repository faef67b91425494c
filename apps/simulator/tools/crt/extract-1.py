def extract_1(text):
    share = r"Shared out fairly to ([0-9]{1,9}) [a-z]+, ([0-9]{1,9}) remain over\."
    match = re.fullmatch(
        rf"A box holds at most ([0-9]{{1,15}}) ([a-z]+)\. {share} {share} {share} Find the exact number of ([a-z]+)\.",
        text,
    )
    if match is None or match[2] != match[9]:
        return None
    return read_numbers(match[1], [(match[3], match[4]), (match[5], match[6]), (match[7], match[8])])
