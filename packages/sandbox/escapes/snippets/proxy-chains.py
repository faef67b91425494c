"""JavaScript without its name: any one JavaScript object leads to `Function`, and that to everything."""

CODE = "return globalThis.process.env[%r]" % HOST["variable"]


def _climb(proxy):
    """From an object to its function's constructor, which makes functions from text."""
    for step in (proxy, getattr(proxy, "constructor", None)):
        maker = getattr(step, "constructor", None)
        if maker is not None and getattr(maker, "name", "") == "Function":
            return maker(CODE)()
    raise LookupError("no way to Function from %r" % (proxy,))


def from_api_function():
    import pyodide_js

    return pyodide_js.runPython.constructor(CODE)()


def from_empty_object():
    from pyodide.ffi import to_js

    return _climb(to_js([]))


def from_finder():
    """The import hook keeps the objects that it hands out."""
    import sys

    (finder,) = (finder for finder in sys.meta_path if type(finder).__name__ == "JsFinder")
    return _climb(finder.jsproxies["js"].Object)


def from_hidden_finder():
    """The same where the finder was taken off the list, but not out of its module."""
    from _pyodide._importhook import jsfinder

    return _climb(jsfinder.jsproxies["pyodide_js"].runPython)


def from_collector():
    """The garbage collector knows what lives, also what was put out of its sight."""
    import gc

    gc.unfreeze()
    for thing in gc.get_objects():
        if type(thing).__name__ == "JsFinder":
            return _climb(thing.jsproxies["pyodide_js"].runPython)
    return "none"


def from_loop():
    """The event loop that Pyodide installs schedules with a function of JavaScript's."""
    import asyncio

    loop = asyncio.get_event_loop_policy().get_event_loop()
    return _climb(type(loop).call_later.__globals__["scheduleCallback"])


def from_exception():
    """An error that JavaScript threw is an object of JavaScript's."""
    import pyodide_js

    try:
        pyodide_js.runPython.call(None, "", 2)
    except Exception as error:
        return _climb(error.constructor)
    return "nothing was thrown"


def from_promise():
    """A promise of JavaScript's comes back wrapped, with its methods."""
    import pyodide_js

    return _climb(pyodide_js.runPythonAsync("1").then.__self__.get_loop().call_soon.__globals__["scheduleCallback"])


def from_callback():
    """A Python function that JavaScript calls is told its `this`."""
    import js
    from pyodide.ffi import create_proxy

    found = []
    js.Reflect.apply(create_proxy(lambda this: found.append(this), capture_this=True), js.Array, [])
    return _climb(found[0])


def from_subclasses():
    """No import at all: the classes below `object` lead to the modules that made them."""
    left, seen = [object], set()
    while left:
        kind = left.pop()
        if kind in seen:
            continue
        seen.add(kind)
        left += type.__subclasses__(kind)
        for method in vars(kind).values():
            names = getattr(method, "__globals__", {})
            if "jsfinder" in names:
                return _climb(names["jsfinder"].jsproxies["js"].Object)
    return "none"


def from_module_registry():
    """A module that was taken out of `sys.modules` lives on in the functions of others."""
    import gc

    gc.unfreeze()
    for names in gc.get_objects():
        if type(names) is dict and str(names.get("__name__")).startswith("pyodide"):
            for member in names.values():
                try:
                    return _climb(member)
                except (LookupError, AttributeError, TypeError):
                    continue
    return "none"


def from_cached_state():
    """Pyodide's own list of what to put back holds the finder too."""
    from pyodide._state import save_state

    return _climb(save_state.__globals__["jsfinder"].jsproxies["js"].Object)


def from_asynchronous_generator_types():
    """Methods of a proxy are found on its class, which any instance names."""
    from _pyodide_core import to_js

    kind = type(to_js([]))
    return _climb(kind.__getattribute__(to_js([]), "constructor"))
