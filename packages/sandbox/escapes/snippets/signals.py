"""Signals to the process that runs the sandbox."""


def js_kill():
    import js

    js.process.kill(HOST["pid"], HOST["signal"])
    return "sent"


def js_kill_parent():
    """The parent needs no telling: a process knows it."""
    import js

    js.process.kill(js.process.ppid, HOST["signal"])
    return "sent"


def js_kill_below():
    """Node's binding under `process.kill`."""
    import js

    js.process._kill(js.process.ppid, HOST["signal"])
    return "sent"


def js_kill_group():
    """To all of its own group of processes at once, by no number at all."""
    import js

    js.process.kill(0, HOST["signal"])
    return "sent"


def c_script_kill():
    import ctypes

    ctypes.CDLL(None).emscripten_run_script(b"process.kill(process.ppid, %d)" % HOST["signal"])
    return "sent"
