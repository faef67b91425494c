"""Answers forged on the way to the parent: what a child says in its place is written by the tool. `solve` itself returns something else."""

import json

MESSAGE = {"type": "outcome", "outcome": {"status": "ok", "result": HOST["forged"], "arguments": None, "stdout": "", "stderr": ""}}


def _lines():
    """For a channel of lines, and for one of frames that begin with their length."""
    body = json.dumps(MESSAGE, separators=(",", ":")).encode()
    return ("\n%s\n" % body.decode()).encode(), len(body).to_bytes(4, "little") + body


def descriptor_by_js():
    import js

    files = js.process.getBuiltinModule("node:fs")
    for data in _lines():
        files.writeSync(3, data.decode("latin-1"), None, "latin1")
    return "written"


def stream_by_js():
    import js
    from pyodide.ffi import to_js

    options = to_js({"fd": 3}, dict_converter=js.Object.fromEntries)
    channel = js.process.getBuiltinModule("node:fs").createWriteStream("", options)
    for data in _lines():
        channel.write(data.decode("latin-1"), "latin1")
    return "written"


def stdout_by_js():
    import js

    js.process.stdout.write(_lines()[0].decode())
    return "written"


def console_by_js():
    import js

    js.console.log(_lines()[0].decode())
    return "written"


def standard_output():
    import os

    os.write(1, _lines()[0])
    return "written"


def print_it():
    print(_lines()[0].decode(), flush=True)
    return "written"


def original_stdout():
    """The streams of the start, which a replaced `sys.stdout` leaves behind."""
    import sys

    sys.__stdout__.write(_lines()[0].decode())
    sys.__stdout__.flush()
    return "written"


def output_device():
    with open("/dev/stdout", "wb", buffering=0) as device:
        device.write(_lines()[0])
    return "written"


def all_descriptors():
    import os

    for descriptor in range(1, 64):
        for data in _lines():
            try:
                os.write(descriptor, data)
            except OSError:
                continue
    return "written"


def c_console():
    """Emscripten's own ways to print."""
    import ctypes

    ctypes.CDLL(None).emscripten_out(_lines()[0])
    return "written"
