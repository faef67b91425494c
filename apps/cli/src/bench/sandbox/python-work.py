"""Tools whose time is Python's own, each some tens of milliseconds: no request is read, nothing is waited for."""

import heapq
import json
import re


def words():
    state, made = 7, []
    for _ in range(14000):
        state = (state * 1103515245 + 12345) % 2147483648
        made.append("".join(chr(97 + state // 26**place % 26) for place in range(4)))
    by_length = sorted(made, key=lambda word: (word[-1], word))
    return by_length[0] + by_length[-1] + sorted(set(made))[len(made) // 3]


def dynamic_programme():
    one, other = "kitten sitting on the mitten " * 16, "sitting kitten in the kitchen " * 14
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return str(row[-1])


def sieve():
    limit = 520000
    is_prime = [True] * limit
    found = 0
    for number in range(2, limit):
        if is_prime[number]:
            found += 1
            for multiple in range(number * number, limit, number):
                is_prime[multiple] = False
    return str(found)


def strings():
    lines = []
    for number in range(16000):
        name = f"item-{number:05}".title().replace("-", " ")
        lines.append("%s: %s" % (name.ljust(12, "."), ",".join(str(number * k) for k in range(4))))
    text = "\n".join(lines)
    return str(sum(len(part) for line in text.split("\n") for part in line.split(",")))


def big_integers():
    product, one, other = 1, 0, 1
    for number in range(1, 6000):
        product *= number
    for _ in range(48000):
        one, other = other, one + other
    return str(product % (10**18 + 9) + one % (10**18 + 9) + pow(3, 10**120 + 7, 10**120 + 11) % 1000)


def regular_expressions():
    line = '10.0.%d.%d - - [21/Nov/2026:10:%02d:00] "GET /a/%d?q=x HTTP/1.1" 200 %d\n'
    log = "".join(line % (n % 256, n % 200, n % 60, n, n * 17) for n in range(12000))
    entries = re.findall(r'^(\d+(?:\.\d+){3}) - - \[([^\]]+)\] "(\w+) (\S+) [^"]*" (\d{3}) (\d+)$', log, re.M)
    digits = re.sub(r"(\d)(?=(?:\d{3})+\b)", r"\1,", " ".join(size for *_, size in entries))
    return str(len(entries) + len(digits))


def json_texts():
    value = {"rows": [{"id": n, "name": f"row é {n}", "tags": ["a", "b", None], "price": n / 8} for n in range(2600)]}
    for _ in range(6):
        value = json.loads(json.dumps(value, ensure_ascii=False, sort_keys=True))
    return str(len(json.dumps(value)))


class Task:
    def __init__(self, due, name):
        self.due = due
        self.name = name

    def __lt__(self, other):
        return (self.due, self.name) < (other.due, other.name)


def objects():
    queue, done, state = [], {}, 11
    for number in range(9000):
        state = (state * 69069 + 1) % 4294967296
        heapq.heappush(queue, Task(state % 1000, f"t{number % 97}"))
        if number % 3 == 2:
            task = heapq.heappop(queue)
            done[task.name] = done.get(task.name, 0) + task.due
    return str(sum(done.values()))


WORK = {
    "sorting words": words,
    "dynamic programme": dynamic_programme,
    "prime sieve": sieve,
    "building strings": strings,
    "big integers": big_integers,
    "regular expressions": regular_expressions,
    "JSON": json_texts,
    "objects and a heap": objects,
}


def extract(text):
    return {"task": text}


def solve(task):
    return WORK[task]()
