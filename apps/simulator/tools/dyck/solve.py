import re

CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}


def solve(sequence: str) -> str:
    return " ".join(CLOSING[bracket] for bracket in reversed(open_brackets(sequence)))


def open_brackets(sequence):
    """The brackets that are still open at the end, outermost first."""
    stack = []
    for bracket in sequence.split():
        if bracket in CLOSING:
            stack.append(bracket)
        elif not stack or CLOSING[stack.pop()] != bracket:
            raise ValueError(f"{bracket!r} closes nothing that is open")
    return stack


def read_sequence(sequence):
    if re.fullmatch(r"[()\[\]{}<>](?: [()\[\]{}<>])*", sequence) is None:
        return None
    try:
        return {"sequence": sequence} if open_brackets(sequence) else None
    except ValueError:
        return None
