import re

NAME = r"[A-Z][a-z]+"
ITEM = r"an? ([a-z]+ [a-z]+)"


def solve(start: list[dict], swaps: list[dict], person: str, options: list[dict]) -> str:
    held = {pair["person"]: pair["item"] for pair in start}
    for swap in swaps:
        first, second = swap["first"], swap["second"]
        held[first], held[second] = held[second], held[first]
    labels = [option["label"] for option in options if option["item"] == held[person]]
    if len(labels) != 1:
        raise ValueError("not exactly one option is right")
    return f"({labels[0]})"


def read_exchange(start, swaps, person, options):
    """The arguments from pairs (person, item) and (first, second) and the options' lines; None where they do not fit together."""
    held = dict(start)
    if len(held) != len(start) or len(set(held.values())) != len(start):
        return None
    if person not in held or any(first not in held or second not in held or first == second for first, second in swaps):
        return None
    choices = []
    for letter, line in zip("ABCDEFGHIJ", options.split("\n")):
        item = line.removeprefix(f"({letter}) ")
        if item == line or item not in held.values():
            return None
        choices.append({"label": letter, "item": item})
    if len(choices) != len(options.split("\n")):
        return None
    return {
        "start": [{"person": holder, "item": item} for holder, item in start],
        "swaps": [{"first": first, "second": second} for first, second in swaps],
        "person": person,
        "options": choices,
    }


def read_parts(pattern, parts):
    """What the groups of `pattern` hold in each part; None where a part is anything else."""
    found = [re.fullmatch(pattern, part) for part in parts]
    if None in found:
        return None
    return [match.groups() for match in found]


def listed(parts):
    return ", ".join(parts[:-1]) + ", and " + parts[-1]
