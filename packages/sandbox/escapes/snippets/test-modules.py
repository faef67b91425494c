"""Modules that exist to test CPython: they do what the language does not let one do."""


def read_beyond():
    """Bytes made of a pointer and a length, where the length is free."""
    import re

    import _testlimitedcapi

    for number in range(200):
        text = _testlimitedcapi.bytes_fromstringandsize(bytes(number + 1), 400_000)
        found = re.search(rb"secret-of-call:[0-9a-f]{32}", text)
        if found:
            return found.group().decode()
    return "nothing"


def failing_memory():
    """From the hundredth allocation on, memory is out; for whoever comes."""
    import _testcapi

    _testcapi.set_nomemory(100, 0)
    return "left"


def interpreter_beside():
    """A second interpreter has modules of its own, and nobody has hidden any."""
    import _testcapi

    _testcapi.run_in_subinterp("import os; os.system(%r)" % ("touch '%s'" % HOST["writable"]))
    return "ran"


def configured_interpreter():
    import _testinternalcapi

    number = _testinternalcapi.create_interpreter()
    _testinternalcapi.exec_interpreter(number, "import os; os.system(%r)" % ("touch '%s'" % HOST["writable"]))
    return "ran"
