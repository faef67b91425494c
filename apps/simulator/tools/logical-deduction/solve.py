import re

COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}
SIDES = {
    "is the leftmost": 1,
    "is the second from the left": 2,
    "is the third from the left": 3,
    "is the fourth from the left": 4,
    "is the rightmost": -1,
    "is the second from the right": -2,
    "is the third from the right": -3,
    "is the fourth from the right": -4,
}
FINISHES = {
    "finished first": 1,
    "finished second": 2,
    "finished third": 3,
    "finished fourth": 4,
    "finished last": -1,
    "finished second-to-last": -2,
    "finished third-to-last": -3,
    "finished fourth-to-last": -4,
}
PRICES = {
    "are the cheapest": 1,
    "are the second-cheapest": 2,
    "are the third-cheapest": 3,
    "are the fourth-cheapest": 4,
    "are the most expensive": -1,
    "are the second-most expensive": -2,
    "are the third-most expensive": -3,
    "are the fourth-most expensive": -4,
}
AGES = {
    "is the oldest": 1,
    "is the second-oldest": 2,
    "is the third-oldest": 3,
    "is the fourth-oldest": 4,
    "is the newest": -1,
    "is the second-newest": -2,
    "is the third-newest": -3,
    "is the fourth-newest": -4,
}
# Opening, form of a listed thing, article in claims, words for earlier and for later, words for places.
SCENES = [
    ("On a shelf, there are {} books: ", r"an? ([a-z]+ book)", "the ", "is to the left of", "is to the right of", SIDES),
    ("On a branch, there are {} birds: ", r"an? ([a-z]+)", "the ", "is to the left of", "is to the right of", SIDES),
    ("In a golf tournament, there were {} golfers: ", r"([A-Z][a-z]+)", "", "finished above", "finished below", FINISHES),
    ("A fruit stand sells {} fruits: ", r"([a-z]+)", "the ", "are less expensive than", "are more expensive than", PRICES),
    ("In an antique car show, there are {} vehicles: ", r"an? ([a-z]+)", "the ", "is older than", "is newer than", AGES),
]


def solve(objects: list[str], before: list[dict], placed: list[dict], options: list[dict]) -> str:
    named = [pair[key] for pair in before for key in ("first", "second")] + [item["object"] for item in placed + options]
    if not set(named) <= set(objects):
        raise ValueError("a clue or an option names an unknown thing")
    orders = list(orders_of(objects, before, placed, []))
    if len(orders) != 1:
        raise ValueError("the clues do not allow exactly one order")
    labels = [option["label"] for option in options if place(option["position"], objects) == orders[0].index(option["object"])]
    if len(labels) != 1:
        raise ValueError("not exactly one option is right")
    return f"({labels[0]})"


def orders_of(objects, before, placed, order):
    """All orders that begin with `order` and fit the clues, built from the first place on."""
    if len(order) == len(objects):
        yield order
    for thing in objects:
        if thing in order:
            continue
        if any(clue["object"] == thing and place(clue["position"], objects) != len(order) for clue in placed):
            continue
        if all(clue["first"] in order for clue in before if clue["second"] == thing):
            yield from orders_of(objects, before, placed, order + [thing])


def place(position, objects):
    return position - 1 if position > 0 else len(objects) + position


def read_puzzle(puzzle, options, count=None):
    """The arguments from the sentences of the puzzle and the options' lines; None where any of them is not understood."""
    if not puzzle.endswith("."):
        return None
    listing, *sentences = puzzle.removesuffix(".").split(". ")
    for opening, form, article, earlier, later, places in SCENES:
        for word, size in COUNTS.items():
            if not listing.startswith(opening.format(word)):
                continue
            parts = re.split(r", (?:and )?", listing.removeprefix(opening.format(word)))
            objects = [match[1] for match in (re.fullmatch(form, part) for part in parts) if match is not None]
            if count not in (None, word) or len(parts) != size or len(set(objects)) != size:
                return None
            claims = [read_claim(sentence, objects, article, earlier, later, places) for sentence in sentences]
            choices = read_options(options, objects, article, earlier, later, places)
            if None in claims or not choices:
                return None
            return {
                "objects": objects,
                "before": [claim for claim in claims if "first" in claim],
                "placed": [claim for claim in claims if "object" in claim],
                "options": choices,
            }
    return None


def read_claim(text, objects, article, earlier, later, places):
    for thing in objects:
        subject = f"{article}{thing} "
        subject = subject[0].upper() + subject[1:]
        if not text.startswith(subject):
            continue
        rest = text.removeprefix(subject)
        if rest in places:
            return {"object": thing, "position": places[rest]}
        for other in objects:
            if other != thing and rest == f"{earlier} {article}{other}":
                return {"first": thing, "second": other}
            if other != thing and rest == f"{later} {article}{other}":
                return {"first": other, "second": thing}
    return None


def read_options(text, objects, article, earlier, later, places):
    choices = []
    for index, line in enumerate(text.split("\n")):
        label = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[index : index + 1]
        claim = read_claim(line.removeprefix(f"({label}) "), objects, article, earlier, later, places)
        if claim is None or "position" not in claim or not line.startswith(f"({label}) "):
            return None
        choices.append({"label": label, **claim})
    return choices
