"""Runs once, when an image is built: warms the interpreter, takes Pyodide's own doors away, and leaves the few functions that the child calls.

The functions live in a namespace of their own, with a copy of the builtins, so that a tool that patches a builtin or a module does not reach them.
What can be reached anyway (through `gc`, say) can spoil only the outcome of the tool's own call: the child checks types and sizes itself, and resets.
"""

import abc, array, ast, base64, binascii, bisect, calendar, cmath, collections, collections.abc, contextlib, copy, csv, dataclasses, datetime  # noqa: E401
import decimal, difflib, enum, fractions, functools, gc, hashlib, heapq, html, inspect, io, itertools, json, math, marshal, numbers, operator, os  # noqa: E401
import posix, random, re, statistics, string, struct, sys, textwrap, time, traceback, types, typing, unicodedata, urllib.parse, uuid, warnings  # noqa: E401
import _pydatetime, _strptime, asyncio, zipimport  # noqa: E401, F401

# Where nothing is set it asks `sysconfig`, whose thousand entries every reset would write. This is what they say.
os.environ["PYTHONTZPATH"] = "/usr/share/zoneinfo:/usr/lib/zoneinfo:/usr/share/lib/zoneinfo:/etc/zoneinfo"
import zoneinfo  # noqa: E402, F401

del os.environ["PYTHONTZPATH"]
from json.encoder import c_make_encoder, encode_basestring

FILE_NAME = "<tool>"
MAX_DEPTH = 32
MAX_NODES = 65536
MAX_MESSAGE = 2000
HIDDEN = ("js", "pyodide", "pyodide_js", "_pyodide", "_pyodide_core", "ctypes", "_ctypes")

modules = sys.modules
new_module = types.ModuleType
tool_builtins = modules["builtins"].__dict__
scan = json.JSONDecoder().scan_once
encode = c_make_encoder(None, None, encode_basestring, None, ": ", ", ", False, False, False)
shared_random = random._inst
load_data = marshal.loads
dump_data = marshal.dumps
make_pattern = re._compiler._sre.compile
known_patterns = re._cache
name_of_type = type.__dict__["__name__"].__get__
traceback_of = BaseException.__dict__["__traceback__"].__get__
NoneType = type(None)
# What most values are: lists of these are looked at in C.
ATOMS = frozenset((str, int, bool, NoneType))
KEYS = frozenset((str,))
JSONDecodeError = json.JSONDecodeError
source_lines = []


def compile_tool(source):
    """The module's code, and the regular expressions that it writes out: compiling these takes ten times as long as all else of a small call."""
    tree = compile(source, FILE_NAME, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    return dump_data((compile(tree, FILE_NAME, "exec", dont_inherit=True), patterns_in(tree)))


def load_tool(data):
    code, patterns = load_data(data)
    for key, parts in patterns:
        known_patterns[(type(key[0]), *key)] = make_pattern(*parts)
    return code


# Where each function takes its flags, besides by that name.
FLAGS_AT = {"compile": 1, "match": 2, "fullmatch": 2, "search": 2, "findall": 2, "finditer": 2, "split": 3, "sub": 4, "subn": 4}
MAX_PATTERNS = 100


def patterns_in(tree):
    """What `re` keeps for each pattern that the source gives as a literal, or by the name of one: its key and all that it is made of."""
    literals = {}
    for statement in tree.body:
        if type(statement) is ast.Assign and type(statement.value) is ast.Constant:
            literals.update((target.id, statement.value) for target in statement.targets if type(target) is ast.Name)
    made = []
    re._compiler._sre.compile = lambda *parts: made.append(parts) or make_pattern(*parts)
    found = {}
    for node in ast.walk(tree):
        key = pattern_of(node, literals)
        if key is None or key in found or len(found) == MAX_PATTERNS:
            continue
        try:
            re._compiler.compile(*key)
        except (re.PatternError, OverflowError, RecursionError, ValueError):
            continue  # The tool will meet it, if it comes so far.
        pattern, flags, code, *groups = made[-1]
        # Operation codes are a subclass of int, which cannot be marshalled.
        found[key] = (pattern, flags, [int(step) for step in code], *groups)
    return list(found.items())


def pattern_of(node, literals):
    if type(node) is not ast.Call or type(node.func) is not ast.Attribute or type(node.func.value) is not ast.Name:
        return None
    function = node.func
    if function.value.id != "re" or function.attr not in FLAGS_AT or not node.args:
        return None
    pattern = literals.get(node.args[0].id) if type(node.args[0]) is ast.Name else node.args[0]
    if type(pattern) is not ast.Constant or type(pattern.value) is not str:
        return None
    named = [keyword.value for keyword in node.keywords if keyword.arg == "flags"]
    flags = flags_of((node.args[FLAGS_AT[function.attr] :] + named + [ast.Constant(0)])[0])
    return None if flags is None or flags & re.DEBUG else (pattern.value, flags)


def flags_of(node):
    if type(node) is ast.Constant and type(node.value) is int:
        return node.value
    if type(node) is ast.Attribute and type(node.value) is ast.Name and node.value.id == "re":
        flag = getattr(re, node.attr, None)
        return flag.value if type(flag) is re.RegexFlag else None
    if type(node) is ast.BinOp and type(node.op) is ast.BitOr:
        left, right = flags_of(node.left), flags_of(node.right)
        return None if left is None or right is None else left | right
    return None


def new_globals():
    """The namespace of a fresh module `tool`, known to `sys.modules` because dataclasses and typing look themselves up there.

    C code that imports (`strptime`, huge integers as text) fails where the globals name no builtins: `exec` would add them, `PyEval_EvalCode` does not.
    """
    module = new_module("tool")
    modules["tool"] = module
    # What `gauss` keeps for the next time; the generator itself is the child's to renew.
    shared_random.gauss_next = None
    module.__dict__["__builtins__"] = tool_builtins
    return module.__dict__


def random_words():
    """The state of `random`'s shared generator as C has it: where it stands, and its words. The child writes new ones before each call, in half the time that seeding takes."""
    *words, place = shared_random.getstate()[1]
    return array.array("I", [place, *words]).tobytes()


def read_arguments(text):
    text = text.strip(" \t\r\n")
    try:
        value, end = scan(text, 0)
    except (StopIteration, JSONDecodeError):
        raise ValueError("the arguments are not JSON") from None
    if end != len(text) or type(value) is not dict:
        raise ValueError("the arguments are not one JSON object")
    return value


def write_arguments(value):
    if type(value) is not dict:
        raise TypeError("extract must return a dict or None, it returned %s" % type_name(value))
    check_plain(value, 0, [0])
    return "".join(encode(value, 0))


def check_plain(value, depth, nodes):
    nodes[0] += 1
    kind = type(value)
    if depth < MAX_DEPTH and (
        (kind is list and ATOMS.issuperset(map(type, value)))
        or (kind is dict and KEYS.issuperset(map(type, value)) and ATOMS.issuperset(map(type, value.values())))
    ):
        nodes[0] += len(value)
        kind = NoneType
    if nodes[0] > MAX_NODES:
        raise ValueError("extract returned more than %d values" % MAX_NODES)
    if kind is str or kind is int or kind is bool or kind is NoneType:
        return
    if kind is float:
        if value - value != 0:
            raise ValueError("extract returned a number that is not finite")
        return
    if depth >= MAX_DEPTH:
        raise ValueError("extract returned values nested deeper than %d levels" % MAX_DEPTH)
    if kind is list:
        for item in value:
            check_plain(item, depth + 1, nodes)
    elif kind is dict:
        for key, item in value.items():
            if type(key) is not str:
                raise TypeError("extract returned a dict with a key that is not a str: %s" % type_name(key))
            check_plain(item, depth + 1, nodes)
    else:
        raise TypeError("extract returned a value that is not plain JSON: %s" % type_name(value))


def type_name(value):
    return name_of_type(type(value))


def message_of(error):
    """One line: the error's class and text."""
    try:
        text = str(error)
    except BaseException:
        text = "<no text: its __str__ raised>"
    message = ("%s: %s" % (type_name(error), text) if text else type_name(error))[:MAX_MESSAGE]
    # Half a surrogate pair cannot be handed over.
    return message.encode("utf-8", "backslashreplace").decode()


def remember_source(source):
    """What tracebacks quote from."""
    source_lines[:] = source.splitlines()


def describe(error):
    """The traceback as Python prints it, but only the tool's own lines; the last line is always whole."""
    if isinstance(error, SyntaxError) and error.filename == FILE_NAME:
        lines = [frame_lines(error.lineno, None)]
    else:
        lines = []
        step = traceback_of(error)
        while step is not None:
            code = step.tb_frame.f_code
            if code.co_filename == FILE_NAME:
                lines.append(frame_lines(step.tb_lineno, code.co_name))
            step = step.tb_next
        if len(lines) > 12:
            lines = lines[:4] + ["  ... %d more ...\n" % (len(lines) - 11)] + lines[-7:]
    last = message_of(error)
    room = MAX_MESSAGE - len(last)
    head = "Traceback (most recent call last):\n" + "".join(lines) if lines else ""
    if len(head) > room:
        head = "...\n" + head[len(head) - room + 4 :] if room > 4 else ""
    return head + last


def frame_lines(number, name):
    place = '  File "%s", line %s' % (FILE_NAME, number) + (", in %s\n" % name if name else "\n")
    if type(number) is int and 0 < number <= len(source_lines):
        return place + "    " + source_lines[number - 1].strip()[:200] + "\n"
    return place


def capture_output():
    """Every write goes through at once, so nothing waits in a buffer that the tool could exchange."""
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        stream = io.TextIOWrapper(
            io.FileIO(descriptor, "w", closefd=False), encoding="utf-8", errors="backslashreplace", newline="\n", write_through=True
        )
        setattr(sys, name, stream)
        setattr(sys, "__%s__" % name, stream)


class NothingToSelect:
    """Where an event loop would wait for sockets there is only time."""

    def select(self, timeout):
        if timeout is None:
            raise RuntimeError("asyncio: every task waits for something that can never come")
        if timeout > 0:
            time.sleep(timeout)
        return []


class TimeOnlyLoop(asyncio.BaseEventLoop):
    def __init__(self):
        super().__init__()
        self._selector = NothingToSelect()

    def _process_events(self, events):
        pass

    def _write_to_self(self):
        pass


class TimeOnlyPolicy(asyncio.events._BaseDefaultEventLoopPolicy):
    _loop_factory = TimeOnlyLoop


def undo_patches():
    """Pyodide lets `asyncio` and `time.sleep` run on JavaScript's event loop; here they run by themselves."""
    webloop = modules.get("pyodide.webloop")
    if webloop is not None:
        asyncio.run = webloop._orig_run
        time.sleep = webloop._orig_sleep
    asyncio.events._set_event_loop_policy(TimeOnlyPolicy())
    asyncio.events._set_running_loop(None)


def hide_pyodide(names):
    without = names.split()
    undo_patches()

    def is_hidden(name):
        return name.partition(".")[0] in HIDDEN

    sys.builtin_module_names = tuple(name for name in sys.builtin_module_names if name not in without)
    sys.meta_path[:] = [finder for finder in sys.meta_path if not is_hidden(getattr(finder, "__module__", "") or "") and not is_hidden(type(finder).__module__)]
    for name in list(modules):
        if is_hidden(name) or name in without:
            del modules[name]
    for files in zipimport._zip_directory_cache.values():
        for path in list(files):
            if is_hidden(path.partition("/")[0].partition(".")[0]):
                del files[path]
    for path in list(sys.path_importer_cache):
        if is_hidden(path.rpartition("/")[2]):
            del sys.path_importer_cache[path]
    os.environ.clear()
    posix.environ.clear()
    sys.argv[:] = [""]
    del sys.path[0]


def settle():
    """Exercises what a call uses, then moves all that lives out of the garbage collector's sight."""
    datetime.datetime.strptime("2000-01-01", "%Y-%m-%d")
    scope = new_globals()
    exec(load_tool(compile_tool("import re\ndef solve(x):\n    return str(x)")), scope)
    scope["solve"](read_arguments('{"x": [1.5, "é"]}')["x"])
    write_arguments({"x": [1.5, "é", None]})
    try:
        raise ValueError("settle")
    except ValueError as error:
        describe(error)
    del modules["tool"]
    gc.collect()
    gc.freeze()
