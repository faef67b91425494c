"""State that the next tool finds: what is changed here is nobody's own."""

import builtins
import sys


def builtin_function():
    builtins.len = lambda value: 7
    return "left"


def builtin_class():
    class Other(int):
        pass

    builtins.int = Other
    return "left"


def builtin_name():
    builtins.left = 1
    return "left"


def compiler():
    """The next tool's source goes through it."""
    real = builtins.compile
    builtins.compile = lambda source, *rest, **more: real("def solve(): return 'left'", *rest, **more)
    return "left"


def json_module():
    import json

    real = json.dumps
    json.dumps = lambda *values, **more: real(*values, **more).replace("true", "left")
    return "left"


def regex_cache():
    """Compiled patterns are kept by their text; this one is kept under another's."""
    import re

    wrong = re.compile("x")
    for cache in (re._cache, re._cache2):
        cache[str, r"\d+", 0] = wrong
    return "left"


def constant():
    import math

    math.pi = 3
    return "left"


def random_state():
    import random

    random.seed(1)
    return "left"


def decimal_context():
    import decimal

    decimal.getcontext().prec = 3
    decimal.DefaultContext.prec = 3
    return "left"


def warnings_filter():
    import warnings

    warnings.simplefilter("error")
    return "left"


def recursion_limit():
    sys.setrecursionlimit(150)
    return "left"


def integer_digits():
    sys.set_int_max_str_digits(700)
    return "left"


def working_directory():
    import os

    os.chdir("/tmp")
    return "left"


def environment():
    import os

    os.environ["LEFT"] = "1"
    os.putenv("LEFT", "1")
    return "left"


def file():
    with open("/tmp/left", "w") as left:
        left.write("left")
    return "left"


def removed_file():
    """The archive of the standard library itself."""
    import os

    for name in ("colorsys", "ntpath"):
        sys.modules.pop(name, None)
    sys.path_importer_cache.clear()
    (archive,) = (path for path in sys.path if path.endswith(".zip"))
    os.rename(archive, "/tmp/left")
    return "left"


def file_mask():
    import os

    os.umask(0o777)
    return "left"


def codec():
    import codecs

    codecs.register(lambda name: codecs.lookup("utf-8") if name == "left" else None)
    real = codecs.lookup("latin-1")
    codecs.lookup = lambda name: real if name == "utf-8" else codecs.CodecInfo(real.encode, real.decode, name="left")
    return "left"


def output_stream():
    import io

    sys.stdout = io.StringIO()
    return "left"


def closed_output():
    """The descriptor below is everybody's."""
    import os

    sys.stdout.close()
    os.close(1)
    return "left"


def clock():
    import time

    time.time = lambda: 0.0
    return "left"


def calendar_start():
    import calendar

    calendar.setfirstweekday(6)
    return "left"


def signal_handler():
    import signal

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return "left"


def socket_timeout():
    import socket

    socket.setdefaulttimeout(1)
    return "left"


def logging_set_up():
    import logging

    logging.basicConfig(level=logging.DEBUG)
    return "left"


def line_cache():
    import linecache

    linecache.cache["<tool-of-another>"] = (4, None, ["left"], "")
    return "left"


def copying():
    import copy

    copy._deepcopy_dispatch[list] = lambda *_: "left"
    return "left"


def registered_class():
    import collections.abc

    collections.abc.Sized.register(int)
    return "left"


def function_code():
    """The function stays the same object; what it does is another's."""
    import textwrap

    textwrap.dedent.__code__ = (lambda text: "left").__code__
    return "left"


def function_defaults():
    import difflib

    difflib.get_close_matches.__defaults__ = (0, 1.0)
    return "left"


def function_cache():
    """`functools` keeps answers; `datetime` keeps the forms of dates it has read."""
    import _strptime
    import re

    _strptime._strptime_time("01/01/01", "%d/%m/%y")
    _strptime._regex_cache["%d/%m/%y"] = re.compile(r"(?P<m>\d+)/(?P<d>\d+)/(?P<y>\d)")
    return "left"
