"""The built-in module under Pyodide's own, and the table of JavaScript references behind every proxy."""

CODE = "return globalThis.process.env[%r]" % HOST["variable"]


def core_import():
    import _pyodide_core

    return _pyodide_core.to_js([]).constructor.constructor(CODE)()


def core_create_builtin():
    """Past the import system, straight from the interpreter's own table of built-in modules."""
    import _imp
    from importlib.machinery import BuiltinImporter, ModuleSpec

    core = _imp.create_builtin(ModuleSpec("_pyodide_core", BuiltinImporter))
    return core.to_js([]).constructor.constructor(CODE)()


def core_builtin_importer():
    import sys
    from importlib.machinery import BuiltinImporter

    sys.modules.pop("_pyodide_core", None)
    return BuiltinImporter.load_module("_pyodide_core").to_js([]).constructor.constructor(CODE)()


def core_reinitialised():
    """The module's C function, called once more."""
    import ctypes

    make = ctypes.pythonapi.PyInit__pyodide_core
    make.restype = ctypes.py_object
    return make().to_js([]).constructor.constructor(CODE)()


def core_from_archive():
    """Pyodide's Python files, read anew from the archive of the standard library."""
    import zipimport

    (archive,) = (path for path in __import__("sys").path if path.endswith(".zip"))
    module = zipimport.zipimporter(archive + "/pyodide").load_module("code")
    return module.run_js("process.env[%r]" % HOST["variable"])


def evaluated():
    """Pyodide's own way to run Python, by its internal name."""
    from _pyodide._base import eval_code

    return eval_code("from js import process; getattr(process.env, %r)" % HOST["variable"])
