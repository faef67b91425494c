import re

COUNTRY = r"[A-Z][a-z]+(?: [A-Z][a-z]+)*"
CODE = r"([1-9][0-9]{0,2})"
TRUNK = r"([0-9]{1,2})"
NUMBER = r"([+(]?[0-9][0-9 ()./-]*[0-9])"


def solve(number: str, country_code: str, trunk_prefix: str) -> str:
    for value, pattern in ((country_code, CODE), (trunk_prefix, TRUNK), (number, NUMBER)):
        if re.fullmatch(pattern, value) is None:
            raise ValueError(f"{value!r} cannot be used")
    digits = re.sub(r"[^0-9]", "", number)
    if number.startswith("+"):
        international = digits
    elif digits.startswith("00"):
        international = digits[2:]
    else:
        international = country_code + digits.removeprefix(trunk_prefix)
    if re.fullmatch(r"[1-9][0-9]{7,14}", international) is None:
        raise ValueError(f"{number!r} gives no number of 8 to 15 digits")
    return "+" + international


def read_number(number, country_code, trunk_prefix):
    arguments = {"number": number, "country_code": country_code, "trunk_prefix": trunk_prefix}
    try:
        solve(**arguments)
    except ValueError:
        return None
    return arguments
