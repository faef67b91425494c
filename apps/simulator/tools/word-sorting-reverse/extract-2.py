def extract_2(text):
    match = re.fullmatch(r"Here is a list of words: ([a-z]+(?:, [a-z]+)*)\. Write it out again from Z to A\.", text)
    if match is None:
        return None
    return {"words": match[1].split(", ")}
