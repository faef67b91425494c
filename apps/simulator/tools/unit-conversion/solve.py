import re

VALUE = r"(-?(?:0|[1-9][0-9]{0,6})(?:\.[0-9]{1,4})?)"
# A value in the base unit of its dimension is (value + zero / 100) * times / per: here are zero, times and per.
UNITS = {
    "length": {
        "millimeters": (0, 1, 1000),
        "centimeters": (0, 1, 100),
        "meters": (0, 1, 1),
        "kilometers": (0, 1000, 1),
        "inches": (0, 254, 10000),
        "feet": (0, 3048, 10000),
        "yards": (0, 9144, 10000),
        "miles": (0, 1609344, 1000),
    },
    "mass": {
        "grams": (0, 1, 1000),
        "kilograms": (0, 1, 1),
        "ounces": (0, 28349523125, 10**12),
        "pounds": (0, 45359237, 10**8),
    },
    "volume": {
        "milliliters": (0, 1, 1000),
        "liters": (0, 1, 1),
        "US gallons": (0, 3785411784, 10**9),
    },
    "temperature": {
        "degrees Celsius": (27315, 1, 1),
        "degrees Fahrenheit": (45967, 5, 9),
        "kelvins": (0, 1, 1),
    },
}
UNIT = "(" + "|".join(name for units in UNITS.values() for name in units) + ")"


def solve(value: str, from_unit: str, to_unit: str, decimals: int) -> str:
    if re.fullmatch(VALUE, value) is None or not 0 <= decimals <= 9 or decimals != int(decimals):
        raise ValueError(f"{value!r} cannot be given with {decimals!r} decimals")
    units = same_dimension(from_unit, to_unit)
    if units is None:
        raise ValueError(f"{from_unit!r} cannot be converted to {to_unit!r}")
    from_zero, from_times, from_per = units[from_unit]
    to_zero, to_times, to_per = units[to_unit]
    scale = 10 ** len(value.partition(".")[2])
    top = (int(value.replace(".", "")) * 100 + from_zero * scale) * from_times * to_per
    bottom = 100 * scale * from_per * to_times
    return rounded(top * 100 - to_zero * bottom, bottom * 100, int(decimals))


def same_dimension(one, other):
    return next((units for units in UNITS.values() if one in units and other in units), None)


def rounded(top, bottom, decimals):
    """The quotient as a decimal number: halves go away from zero, trailing zeros stay."""
    whole = (2 * abs(top) * 10**decimals + bottom) // (2 * bottom)
    digits = str(whole).zfill(decimals + 1)
    sign = "-" if top < 0 and whole > 0 else ""
    return sign + (f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits)


def read_measure(value, from_unit, to_unit, decimals):
    if from_unit == to_unit or same_dimension(from_unit, to_unit) is None:
        return None
    return {"value": value, "from_unit": from_unit, "to_unit": to_unit, "decimals": int(decimals)}
