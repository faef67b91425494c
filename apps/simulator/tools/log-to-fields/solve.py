import re

STAMP = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
LEVEL = r"(?P<level>debug|info|warn|error|DEBUG|INFO|WARN|ERROR)"
SERVICE = r"(?P<service>[a-z]+(?:-[a-z]+)*)"
CODE = r"(?P<code>[1-5][0-9]{2})"
FORMATS = [
    rf"{STAMP} {LEVEL} \[{SERVICE}\] [a-z]+(?: [a-z]+)*, code {CODE}, [0-9]+ ms",
    rf"[0-9.]+ - - \[[0-9]{{2}}/[A-Z][a-z]{{2}}/[0-9:]+ \+0000\] "
    rf'"[A-Z]+ /[a-z0-9/._-]* HTTP/1\.1" {CODE} [0-9]+ svc={SERVICE} level={LEVEL}',
    rf'\{{"time":"{STAMP}","service":"{SERVICE}","code":{CODE},"level":"{LEVEL}","took_ms":[0-9]+\}}',
]


def solve(line: str) -> str:
    for pattern in FORMATS:
        match = re.fullmatch(pattern, line)
        if match is not None:
            return f"level={match['level'].lower()} service={match['service']} code={match['code']}"
    raise ValueError(f"{line!r} is in no known format")


def read_line(line):
    try:
        solve(line)
    except ValueError:
        return None
    return {"line": line}
