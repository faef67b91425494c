"""What a sandbox's child does, without a sandbox: length-framed batches in JSON on standard input, each call in fresh globals, code objects kept by source."""

import json
import struct
import sys

stdin = sys.stdin.buffer
stdout = sys.stdout.buffer
compiled = {}

while True:
    header = stdin.read(4)
    if len(header) < 4:
        break
    batch = json.loads(stdin.read(struct.unpack("<I", header)[0]))
    source = batch["source"]
    code = compiled.get(source)
    if code is None:
        code = compiled[source] = compile(source, "<tool>", "exec", dont_inherit=True)
    outcomes = []
    for text in batch["texts"]:
        scope = {"__name__": "tool"}
        exec(code, scope)
        arguments = scope["extract"](text)
        result = None if arguments is None else scope["solve"](**arguments)
        outcomes.append({"arguments": json.dumps(arguments, ensure_ascii=False), "result": result})
        scope.clear()
    body = json.dumps(outcomes, ensure_ascii=False).encode()
    stdout.write(struct.pack("<I", len(body)) + body)
    stdout.flush()
