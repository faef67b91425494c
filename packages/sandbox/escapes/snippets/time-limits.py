"""Calls that go on when their time is up, and are answered all the same."""

import time

END = time.monotonic() + HOST["overstayMs"] / 1000


def swallowed_interrupt():
    """The end of the time comes as an exception, which a tool may catch."""
    while True:
        try:
            while time.monotonic() < END:
                pass
            return "overstayed"
        except BaseException:
            continue


def ignored_signal():
    """The exception is made by a handler, which a tool may replace."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while time.monotonic() < END:
        pass
    return "overstayed"


def sleep():
    """C code does not look at the clock."""
    time.sleep(HOST["overstayMs"] / 1000 + 0.1)
    return "overstayed"


def without_buffer():
    """Pyodide learns of the end by a buffer, which can be taken away."""
    import pyodide_js

    pyodide_js.setInterruptBuffer(None)
    while time.monotonic() < END:
        pass
    return "overstayed"


def switched_off():
    """Whether the interpreter looks at all is a number in its memory."""
    import ctypes

    ctypes.c_int.in_dll(ctypes.pythonapi, "Py_EMSCRIPTEN_SIGNAL_HANDLING").value = 0
    while time.monotonic() < END:
        pass
    return "overstayed"
