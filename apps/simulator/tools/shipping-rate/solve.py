import re

AMOUNT = r"((?:0|[1-9][0-9]{0,5})\.[0-9]{2})"
WEIGHT = r"((?:0|[1-9][0-9]{0,2})(?:\.[0-9]{1,3})?)"


def solve(rates: list[dict], zone: str, weight: str) -> str:
    matching = [prices for name, *prices in map(read_rate, rates) if name == zone]
    if len(matching) != 1:
        raise ValueError(f"there is not exactly one rate for zone {zone!r}")
    first, further = matching[0]
    total = first + further * (started_kilograms(weight) - 1)
    return f"${total // 100}.{total % 100:02}"


def read_rate(rate):
    return rate["zone"], cents(rate["first"]), cents(rate["further"])


def cents(amount):
    if re.fullmatch(AMOUNT, amount) is None:
        raise ValueError(f"{amount!r} is no amount")
    return int(amount.replace(".", ""))


def started_kilograms(weight):
    if re.fullmatch(WEIGHT, weight) is None:
        raise ValueError(f"{weight!r} is no weight")
    whole, _, rest = weight.partition(".")
    kilograms = int(whole) + (1 if rest.strip("0") else 0)
    if kilograms == 0:
        raise ValueError("a parcel weighs something")
    return kilograms


def read_rates(rows, pattern, zone, weight):
    """The arguments, where every row has the pattern's zone, first and further rate, and the zone is one of theirs."""
    rates = []
    for row in rows:
        match = re.fullmatch(pattern, row)
        if match is None:
            return None
        rates.append({"zone": match[1], "first": match[2], "further": match[3]})
    arguments = {"rates": rates, "zone": zone, "weight": weight}
    if len({rate["zone"] for rate in rates}) != len(rates):
        return None
    try:
        solve(**arguments)
    except ValueError:
        return None
    return arguments
