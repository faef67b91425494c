import re


def solve(words: list[str]) -> str:
    if not words:
        raise ValueError("there are no words to sort")
    return " ".join(sorted(words))
