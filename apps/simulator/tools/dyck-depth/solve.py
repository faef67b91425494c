import re

CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">"}


def solve(sequence: str) -> str:
    return str(max(depths(sequence)))


def depths(sequence):
    """How many brackets are open after each bracket of the sequence."""
    stack = []
    found = []
    for bracket in sequence.split():
        if bracket in CLOSING:
            stack.append(bracket)
        elif not stack or CLOSING[stack.pop()] != bracket:
            raise ValueError(f"{bracket!r} closes nothing that is open")
        found.append(len(stack))
    return found


def read_sequence(sequence):
    if re.fullmatch(r"[()\[\]{}<>](?: [()\[\]{}<>])*", sequence) is None:
        return None
    try:
        return {"sequence": sequence} if depths(sequence)[-1] > 0 else None
    except ValueError:
        return None
