import re

AMOUNT = r"(?:0|[1-9][0-9]{0,5})\.[0-9]{2}"
PERCENT = r"(?:0|[1-9][0-9]?)(?:\.[0-9]{1,2})?"
CUSTOMER = r"[A-Z][a-z]+(?: [A-Z][a-z]+)*"
ITEM = r"[a-z]+(?: [a-z]+)*"
QUANTITY = r"(?P<quantity>[1-9][0-9]{0,3})"
PRICE = rf"(?P<price>{AMOUNT})"


def solve(items: list[dict], discount: str, tax: str) -> str:
    # The tax is data of the request that the amount before tax does not need.
    net = net_cents(items, discount)
    return f"${net // 100}.{net % 100:02}"


def net_cents(items, discount):
    if not items:
        raise ValueError("the invoice has no items")
    gross = sum(pieces(item["quantity"]) * cents(item["price"]) for item in items)
    return gross - half_up(gross * hundredths(discount), 10000)


def pieces(quantity):
    if quantity != int(quantity) or not 1 <= quantity <= 9999:
        raise ValueError(f"{quantity!r} is no number of pieces")
    return int(quantity)


def cents(amount):
    if re.fullmatch(AMOUNT, amount) is None:
        raise ValueError(f"{amount!r} is no amount")
    return int(amount.replace(".", ""))


def hundredths(percent):
    """Hundredths of a percent: 825 for '8.25'."""
    if re.fullmatch(PERCENT, percent) is None:
        raise ValueError(f"{percent!r} is no percentage")
    whole, _, rest = percent.partition(".")
    return int(whole) * 100 + int(rest.ljust(2, "0"))


def half_up(numerator, denominator):
    return (2 * numerator + denominator) // (2 * denominator)


def read_items(rows, pattern, discount, tax):
    """The arguments, where every row has the pattern's groups `quantity` and `price`."""
    items = []
    for row in rows:
        match = re.fullmatch(pattern, row)
        if match is None:
            return None
        items.append({"quantity": int(match["quantity"]), "price": match["price"]})
    return {"items": items, "discount": discount, "tax": tax}
