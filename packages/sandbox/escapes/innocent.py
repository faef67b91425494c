"""A tool of somebody else, run after every snippet. Its answer is the same as ever unless something was left behind; each line tells of another corner."""

import abc
import ast
import base64
import bisect
import calendar
import codecs
import collections
import collections.abc
import copy
import csv
import dataclasses
import datetime
import decimal
import difflib
import enum
import fractions
import functools
import gc
import hashlib
import heapq
import html
import io
import itertools
import json
import linecache
import locale
import logging
import math
import operator
import os
import random
import re
import signal
import socket
import statistics
import string
import struct
import sys
import textwrap
import threading
import time
import traceback
import typing
import unicodedata
import urllib.parse
import uuid
import warnings
import weakref

checks = []


def check(function):
    checks.append(function)
    return function


class Shade(enum.Enum):
    LIGHT = "light"
    DARK = "dark"


@dataclasses.dataclass(order=True)
class Item:
    price: decimal.Decimal
    name: str = "none"


class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self): ...


class Square(Shape):
    def area(self):
        return 4


@check
def arithmetic():
    return [2 + 2, 7 * 6, -5 // 2, sum(range(101)), 256 - 1, 0.1 + 0.2, round(2.675, 2), divmod(-7, 3), int("12"), max(3, 9), pow(3, 5, 7), 10**30 % 97]


@check
def text():
    return ["%s %05d" % ("a", 42), f"{3.14159:.2f}", "straße".upper(), "a,b".split(","), repr("é"), str(1.0), ascii("é"), "x".join("abc"), hex(255), len("four")]


@check
def sequences():
    return [sorted([3, 1, 2]), list(reversed("abc")), list(zip("ab", [1, 2])), any([0, 1]), all([1, 0]), list(map(str, [1])), list(enumerate("a")), [*filter(None, [0, 1])]]


@check
def types_of_things():
    numbers = [isinstance(1, int), isinstance(1, collections.abc.Sized), issubclass(bool, int), type(1).__name__, callable(len), hasattr("", "upper")]
    return [numbers, isinstance(1, collections.abc.Iterable), Square().area(), Item(decimal.Decimal(1)) < Item(decimal.Decimal(2)), Shade("dark").name]


@check
def patterns():
    return [re.findall(r"\d+", "a1b22"), re.sub(r"\s+", " ", "a  b"), bool(re.fullmatch(r"[\w.]+@\w+\.com", "a.b@c.com")), re.split("[,;]", "a,b;c")]


@check
def documents():
    rows = list(csv.reader(io.StringIO('a,"b,c"\n')))
    return [json.loads('{"a": [1, 2.5, null]}'), json.dumps({"b": True}), rows, html.escape("<a>"), urllib.parse.quote("a b/é"), ast.literal_eval("[1, 2]")]


@check
def numbers():
    third = decimal.Decimal(1) / decimal.Decimal(3)
    return [str(third), str(fractions.Fraction(6, 4)), math.pi, math.sqrt(2), math.factorial(10), statistics.mean([1, 2, 4]), len(str(10**3000))]


@check
def dates():
    day = datetime.date(2024, 2, 29)
    return [day.isoformat(), str(day + datetime.timedelta(days=366)), day.strftime("%A %d %B %Y"), calendar.monthcalendar(2024, 2)[0], calendar.month_name[2], time.gmtime(0)[:6], time.localtime(0)[:6], datetime.datetime.strptime("03/04/05", "%d/%m/%y").year]


@check
def the_time():
    return [1.7e9 < time.time() < 4e9, datetime.datetime.now().year > 2023, time.monotonic() >= 0]


@check
def collecting():
    counts = collections.Counter("abracadabra").most_common(2)
    heap = [3, 1, 2]
    heapq.heapify(heap)
    return [counts, heap[0], bisect.bisect([1, 2, 4], 3), collections.OrderedDict(a=1)["a"], collections.namedtuple("P", "x y")(1, 2), collections.deque([1, 2], 1)[0]]


@check
def iterating():
    return [list(itertools.permutations("ab")), functools.reduce(operator.add, [1, 2, 3]), list(itertools.accumulate([1, 2, 3])), [n for n in range(3)], {n: n for n in "a"}]


@check
def bytes_and_codes():
    digest = hashlib.sha256(b"x").hexdigest()[:16]
    return [digest, base64.b64encode(b"abc"), struct.pack("<I", 258), "é".encode(), b"\xff".decode("utf-8", "replace"), codecs.lookup("latin-1").name, bytes([255]).decode("latin-1"), codecs.encode("abc", "rot13")]


@check
def wrapping():
    return [textwrap.wrap("aaa bbb ccc", 7), textwrap.dedent("  a\n  b"), string.ascii_lowercase, string.capwords("a b"), difflib.get_close_matches("appel", ["apple", "pear"]), unicodedata.name("é")]


@check
def copying():
    return [copy.deepcopy([[1]]), copy.deepcopy({"a": (1, Shade.DARK)}), copy.copy({1}), str(uuid.UUID(int=5))]


@check
def random_is_random():
    generator = random.Random(5)
    return [generator.randint(1, 100), random.random() not in FIRST_NUMBERS, 1 <= random.randint(1, 6) <= 6, random.choice([1]), random.sample([2], 1)]


FIRST_NUMBERS = (0.13436424411240122, 0.8444218515250481, 0.6394267984578837)


@check
def recursion():
    def depth(n):
        return n and 1 + depth(n - 1)

    return [depth(300), sys.getrecursionlimit()]


@check
def annotations():
    def function(a: int, b: "list[str] | None" = None) -> typing.Optional[str]: ...

    return [str(typing.get_type_hints(function)), str(typing.List[int]), typing.get_args(typing.Dict[str, int]), str(list[int])]


@check
def errors():
    try:
        raise ValueError("told")
    except ValueError as error:
        lines = traceback.format_exception_only(error)
    try:
        [][1]
    except IndexError as error:
        lines.append(str(error))
    return lines


@check
def complaints():
    with warnings.catch_warnings(record=True) as caught:
        warnings.warn("first")
    return [len(caught), logging.getLogger().level, logging.getLogger("a").isEnabledFor(logging.ERROR), [type(handler).__name__ for handler in logging.getLogger().handlers]]


@check
def a_warning_is_no_error():
    warnings.warn("quiet by default", ImportWarning)
    return ast.literal_eval("'a'"), eval(compile("1 + 1", "<eval>", "eval"))


@check
def surroundings():
    folder = os.getcwd()
    return [os.path.join("a", "b"), os.path.exists("/tmp/left"), sorted(os.listdir("/tmp")), folder, sorted(os.environ), os.path.abspath("x"), os.umask(0o22)]


@check
def interpreter():
    hooks = [sys.gettrace(), sys.getprofile(), threading._trace_hook, len(sys.meta_path), len(sys.path_hooks), len(sys.path), sys.displayhook is sys.__displayhook__]
    return [hooks, sys.excepthook is sys.__excepthook__, sys.unraisablehook is sys.__unraisablehook__, sys.get_int_max_str_digits(), gc.isenabled(), len(gc.callbacks), gc.get_threshold(), sys.getswitchinterval()]


@check
def modules():
    strangers = [name for name in sys.modules if "left" in name]
    try:
        import left_behind
    except ImportError:
        left_behind = None
    import colorsys
    import ntpath

    return [strangers, left_behind, colorsys.rgb_to_hsv(1, 0, 0), ntpath.join("a", "b"), sys.modules["json"] is json, os.linesep]


@check
def streams():
    return [sys.stdout is sys.__stdout__, sys.stdout.write(""), sys.stdout.encoding, type(sys.stdin).__name__, io.StringIO("a").read(), threading.current_thread().name]


@check
def defaults():
    signals = [signal.getsignal(signal.SIGTERM), socket.getdefaulttimeout(), locale.getlocale(), locale.localeconv()["decimal_point"], linecache.getline("<tool-of-another>", 1)]
    return [signals, weakref.ref(Square)() is Square, dir(__builtins__) == dir(__import__("builtins")) or type(__builtins__).__name__]


@check
def names_of_builtins():
    import builtins

    return hashlib.sha256(" ".join(sorted(vars(builtins))).encode()).hexdigest()


@check
def comprehension_of_strings():
    return [str.__name__, repr(None), bool("0"), tuple("ab"), {**{"a": 1}}, set([1]), frozenset([2]), slice(1), bytearray(b"a"), complex(1, 2), memoryview(b"a")[0], object.__name__]


def solve():
    # Sooner or later a collection comes to every tool.
    gc.collect()
    return "\n".join("%s: %r" % (function.__name__, function()) for function in checks)
