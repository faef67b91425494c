"""Memory and C functions by number: `ctypes`, and what is below it."""

WRITE = "process.getBuiltinModule('node:fs').writeFileSync(%r, 'x')" % HOST["writable"]
SECRET = rb"secret-of-call:[0-9a-f]{32}"


def run_script():
    """A function of Emscripten's that takes JavaScript."""
    import ctypes

    ctypes.CDLL(None).emscripten_run_script(WRITE.encode())
    return "ran"


def run_script_int():
    import ctypes

    ctypes.CDLL(None).emscripten_run_script_int(WRITE.encode())
    return "ran"


def run_script_string():
    import ctypes

    function = ctypes.CDLL(None).emscripten_run_script_string
    function.restype = ctypes.c_char_p
    return function(("process.env[%r]" % HOST["variable"]).encode()).decode()


def run_script_later():
    import ctypes

    ctypes.CDLL(None).emscripten_async_run_script(WRITE.encode(), 0)
    return "waiting"


def c_system():
    import ctypes

    ctypes.CDLL(None).system(("touch '%s'" % HOST["writable"]).encode())
    return "ran"


def below_ctypes():
    """The built-in module alone, past the Python one."""
    import _ctypes

    handle = _ctypes.dlopen(None, 0)
    _ctypes.call_function(_ctypes.dlsym(handle, "system"), (("touch '%s'" % HOST["writable"]).encode(),))
    return "ran"


def ctypes_from_table():
    """The built-in module where imports of it are refused."""
    import _imp
    from importlib.machinery import BuiltinImporter, ModuleSpec

    module = _imp.create_builtin(ModuleSpec("_ctypes", BuiltinImporter))
    _imp.exec_builtin(module)
    module.call_function(module.dlsym(module.dlopen(None, 0), "system"), (("touch '%s'" % HOST["writable"]).encode(),))
    return "ran"


def function_table():
    """Any slot of the function table is callable; this one is where `system` lies."""
    import ctypes

    slot = ctypes.cast(ctypes.CDLL(None).system, ctypes.c_void_p).value
    ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p)(slot)(("touch '%s'" % HOST["writable"]).encode())
    return "ran"


def callback_from_c():
    """C calls back into Python, past every frame; here to run a command from within `qsort`."""
    import ctypes

    library = ctypes.CDLL(None)

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)
    def compare(a, b):
        library.system(("touch '%s'" % HOST["writable"]).encode())
        return 0

    library.qsort((ctypes.c_int * 2)(2, 1), 2, 4, compare)
    return "sorted"


def read_memory():
    """All of memory, searched for what another call was given."""
    import ctypes
    import re

    size = ctypes.CDLL(None).emscripten_get_heap_size()
    memory = (ctypes.c_char * (size - 1024)).from_address(1024)
    found = re.search(SECRET, memory)
    return found.group().decode() if found else "nothing"


def write_memory():
    """Small integers are shared by all: 7 becomes 8."""
    import ctypes

    ctypes.memmove(id(7) + 12, id(8) + 12, 4)
    return "written"


def write_type():
    """A class of the interpreter's gets an attribute that Python does not let it have."""
    import ctypes

    ctypes.pythonapi.PyType_Modified.argtypes = [ctypes.py_object]
    ctypes.pythonapi.PyType_Modified.restype = None
    window = str.__dict__
    names = ctypes.py_object.from_address(id(window) + 8).value
    names["upper"] = lambda self: "left"
    ctypes.pythonapi.PyType_Modified(str)
    return "written"
