def extract_1(text):
    match = re.fullmatch(r"Please put these words in reverse alphabetical order: ([a-z]+(?:, [a-z]+)*)", text)
    if match is None:
        return None
    return {"words": match[1].split(", ")}
