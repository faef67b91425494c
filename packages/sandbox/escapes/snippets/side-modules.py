"""Machine code of one's own: a WebAssembly module, made here byte by byte, that runs a command when it is loaded."""

NAME = "left"
SUFFIX = ".cpython-314-wasm32-emscripten.so"


def _number(value):
    """As WebAssembly writes integers (LEB128, unsigned)."""
    out = bytearray()
    while True:
        out.append(value & 0x7F | (0x80 if value > 0x7F else 0))
        value >>= 7
        if not value:
            return bytes(out)


def _sized(data):
    return _number(len(data)) + data


def _section(number, *items):
    return bytes([number]) + _sized(_number(len(items)) + b"".join(items))


def _name(text):
    return _sized(text.encode())


def _module(function, text, starts=False):
    """A side module whose `PyInit_left` calls `function(text)`; `starts`: it does so as soon as it is loaded."""
    data = text.encode() + b"\0"
    dylink = b"\x00" + _sized(_name("dylink.0") + b"\x01" + _sized(_number(len(data)) + b"\x00\x00\x00"))
    types = _section(1, b"\x60\x01\x7f\x01\x7f", b"\x60\x00\x01\x7f", b"\x60\x00\x00")
    imports = _section(
        2,
        _name("env") + _name("memory") + b"\x02\x00\x00",
        _name("env") + _name("__memory_base") + b"\x03\x7f\x00",
        _name("env") + _name(function) + b"\x00\x00",
    )
    call = b"\x23\x00\x10\x00"
    functions = _section(3, b"\x01", b"\x02")
    exports = _section(7, _name("PyInit_" + NAME) + b"\x00\x01")
    start = b"\x08\x01\x02" if starts else b""
    code = _section(10, _sized(b"\x00" + call + b"\x1a\x41\x00\x0b"), _sized(b"\x00" + call + b"\x1a\x0b"))
    contents = _section(11, b"\x00\x23\x00\x0b" + _sized(data))
    return b"\0asm\x01\0\0\0" + dylink + types + imports + functions + exports + start + code + contents


def _written(function="system", text=None, starts=False):
    """Writes the module into the interpreter's own file system."""
    path = "/tmp/" + NAME + SUFFIX
    with open(path, "wb") as file:
        file.write(_module(function, text or "touch '%s'" % HOST["writable"], starts))
    return path


def _quietly(load):
    """The module gives no Python module in the end; by then it has run."""
    try:
        load()
    except (SystemError, ImportError, AttributeError) as error:
        return repr(error)
    return "loaded"


def create_dynamic():
    import _imp
    from importlib.machinery import ExtensionFileLoader, ModuleSpec

    path = _written()
    return _quietly(lambda: _imp.create_dynamic(ModuleSpec(NAME, ExtensionFileLoader(NAME, path), origin=path)))


def extension_file_loader():
    from importlib.machinery import ExtensionFileLoader
    from importlib.util import module_from_spec, spec_from_file_location

    path = _written()
    loader = ExtensionFileLoader(NAME, path)
    return _quietly(lambda: module_from_spec(spec_from_file_location(NAME, path, loader=loader)))


def plain_import():
    import sys

    _written()
    sys.path.append("/tmp")
    sys.path_importer_cache.pop("/tmp", None)
    return _quietly(lambda: __import__(NAME))


def shared_library():
    import ctypes

    library = ctypes.CDLL(_written())
    return str(getattr(library, "PyInit_" + NAME)())


def start_function():
    """Nothing is called: the module starts by itself."""
    import _ctypes

    _ctypes.dlopen(_written(starts=True), 2)
    return "opened"


def script_from_module():
    """A side module may import whatever the main module may, JavaScript's door too."""
    import _imp
    from importlib.machinery import ExtensionFileLoader, ModuleSpec

    path = _written("emscripten_run_script_int", "process.getBuiltinModule('node:fs').writeFileSync(%r, 'x')" % HOST["writable"])
    return _quietly(lambda: _imp.create_dynamic(ModuleSpec(NAME, ExtensionFileLoader(NAME, path), origin=path)))


def load_dynamic_library():
    """Emscripten's own loader, from JavaScript, without a file."""
    import pyodide_js
    from pyodide.ffi import to_js

    module = pyodide_js._module
    code = to_js(_module("system", "touch '%s'" % HOST["writable"], starts=True))
    module.loadWebAssemblyModule(code, to_js({"loadAsync": False}, dict_converter=__import__("js").Object.fromEntries), NAME)
    return "loaded"
