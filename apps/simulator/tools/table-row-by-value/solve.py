import re

CELL = r"[A-Za-z0-9]+(?:[ .:-][A-Za-z0-9]+)*"
COLUMN = r"[a-z]+(?: [a-z]+)?"


def solve(header: list[str], rows: list[list[str]], column: str, value: str) -> str:
    check_table(header, rows)
    at = only_place(column, header[1:]) + 1
    return rows[only_place(value, [cells[at] for cells in rows])][0]


def check_table(header, rows):
    if len(header) < 2 or not rows or len(set(header)) != len(header):
        raise ValueError("this is no table")
    if any(re.fullmatch(COLUMN, name) is None for name in header):
        raise ValueError("a column has no usable name")
    for row in rows:
        if len(row) != len(header) or any(re.fullmatch(CELL, cell) is None for cell in row):
            raise ValueError(f"{row!r} does not go with the header")


def only_place(wanted, items):
    if items.count(wanted) != 1:
        raise ValueError(f"there is not exactly one {wanted!r}")
    return items.index(wanted)


def read_markdown(text):
    lines = [line[2:-2].split(" | ") for line in text.split("\n") if line.startswith("| ") and line.endswith(" |")]
    if len(lines) != text.count("\n") + 1 or len(lines) < 3 or lines[1] != ["---"] * len(lines[0]):
        return None
    return lines[0], lines[2:]


def read_csv(text):
    header, *rows = [line.split(",") for line in text.split("\n")]
    return header, rows


def read_records(text):
    records = [[pair.split(" = ") for pair in record.split(", ")] for record in text.split("; ")]
    if any(len(pair) != 2 for pairs in records for pair in pairs):
        return None
    header = [name for name, _ in records[0]]
    if any([name for name, _ in pairs] != header for pairs in records):
        return None
    return header, [[value for _, value in pairs] for pairs in records]


def read_question(table, column, value):
    if table is None:
        return None
    arguments = {"header": table[0], "rows": table[1], "column": column, "value": value}
    try:
        solve(**arguments)
    except ValueError:
        return None
    return arguments
