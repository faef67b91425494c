import math
import re


def solve(limit: int, divisors: list[int], remainders: list[int]) -> str:
    if not divisors or len(divisors) != len(remainders):
        raise ValueError("every divisor needs one remainder")
    number, step = 0, 1
    for divisor, remainder in zip(divisors, remainders):
        if not 0 <= remainder < divisor:
            raise ValueError(f"{remainder} cannot be left over from {divisor}")
        for _ in range(divisor):
            if number % divisor == remainder:
                break
            number += step
        else:
            raise ValueError("no number has these remainders")
        step = math.lcm(step, divisor)
    number = number or step
    if number > limit:
        raise ValueError("no number up to the limit has these remainders")
    return str(number)


def read_numbers(limit, pairs):
    pairs = [(int(divisor), int(remainder)) for divisor, remainder in pairs]
    if any(remainder >= divisor for divisor, remainder in pairs):
        return None
    return {
        "limit": int(limit),
        "divisors": [divisor for divisor, _ in pairs],
        "remainders": [remainder for _, remainder in pairs],
    }
