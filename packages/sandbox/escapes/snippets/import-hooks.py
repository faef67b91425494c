"""Left where the next import looks."""

import builtins
import sys
import types


def meta_path_finder():
    from importlib.machinery import ModuleSpec

    class Finder:
        @staticmethod
        def find_spec(name, path=None, target=None):
            return ModuleSpec(name, Finder) if name == "left_behind" else None

        @staticmethod
        def create_module(spec):
            return None

        @staticmethod
        def exec_module(module):
            module.left = True

    sys.meta_path.insert(0, Finder)
    return "left"


def modules_entry():
    sys.modules["left_behind"] = types.ModuleType("left_behind")
    return "left"


def replaced_module():
    fake = types.ModuleType("bisect")
    fake.bisect = lambda *_: 99
    sys.modules["bisect"] = fake
    return "left"


def patched_import():
    real = builtins.__import__

    def other(name, *rest):
        module = real(name, *rest)
        return types.SimpleNamespace(name=name) if name == "bisect" else module

    builtins.__import__ = other
    return "left"


def shadowing_file():
    with open("/tmp/left_behind.py", "w") as file:
        file.write("left = True\n")
    sys.path.insert(0, "/tmp")
    return "left"


def path_hook():
    from importlib.machinery import ModuleSpec

    class Finder:
        def __init__(self, path):
            if path != "left":
                raise ImportError

        def find_spec(self, name, target=None):
            return ModuleSpec(name, self) if name == "left_behind" else None

        def create_module(self, spec):
            return None

        def exec_module(self, module):
            module.left = True

    sys.path_hooks.insert(0, Finder)
    sys.path.insert(0, "left")
    return "left"


def archive_directory():
    """The archive of the standard library is read once; what is in it is remembered."""
    import zipimport

    for module in ("colorsys", "ntpath"):
        sys.modules.pop(module, None)
    for files in zipimport._zip_directory_cache.values():
        files.clear()
    zipimport.zipimporter.find_spec = lambda *_: None
    return "left"


def loader_code():
    """What turns a file into code, for all that is imported later."""
    import zipimport

    sys.modules.pop("colorsys", None)
    zipimport.zipimporter.exec_module = lambda self, module: setattr(module, "rgb_to_hsv", lambda *_: "left")
    return "left"


def bootstrap_patched():
    """The import system itself, frozen into the interpreter, is Python."""
    import _frozen_importlib

    real = _frozen_importlib._find_spec
    _frozen_importlib._find_spec = lambda name, *rest: _frozen_importlib.ModuleSpec(name, None, is_package=True) if name == "left_behind" else real(name, *rest)
    return "left"


def reloaded_module():
    """A module run again in its own namespace, with something else in it."""
    import importlib
    import string

    importlib.reload(string)
    string.ascii_lowercase = "left"
    return "left"
