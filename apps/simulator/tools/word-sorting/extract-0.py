def extract_0(text):
    match = re.fullmatch(r"Sort the following words alphabetically: List: ([a-z]+(?: [a-z]+)*)", text)
    if match is None:
        return None
    return {"words": match[1].split(" ")}
