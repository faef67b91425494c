"""What another call was given: it ran in the same interpreter, just before."""

import builtins
import gc
import re
import sys

SECRET = re.compile(r"secret-of-call:[0-9a-f]{32}")


def _search(things):
    for thing in things:
        try:
            found = SECRET.search(repr(thing))
        except Exception:
            continue
        if found:
            return found.group()
    return "nothing"


def regex_cache():
    """Patterns are kept, and their text with them."""
    return _search([re._cache, re._cache2])


def collector():
    """What lives, what waits to be collected, and what was put out of sight."""
    gc.unfreeze()
    return _search(thing for thing in gc.get_objects() if type(thing) in (dict, list, tuple, set))


def function_cache():
    """A cache of a function that is no more."""
    gc.unfreeze()
    found = []
    for thing in gc.get_objects():
        if type(thing).__name__ == "_lru_cache_wrapper":
            left, seen = [thing], set()
            while left and len(seen) < 500:
                part = left.pop()
                if id(part) not in seen and type(part).__name__ not in ("module", "type", "function"):
                    seen.add(id(part))
                    found.append(part if type(part) in (str, dict, list, tuple) else None)
                    left += gc.get_referents(part)
    return _search(found)


def earlier_call(private=None):
    """An earlier call of the same batch, where calls are not to know of each other."""
    if private:
        builtins.left = private
    return str(getattr(builtins, "left", None)) if not private else "left"


def earlier_call_in_module(private=None):
    """The same by a module that both import."""
    if private:
        sys.left = private
        sys.modules["left_behind"] = sys
        return "left"
    return str(getattr(sys, "left", None))


def earlier_call_in_file(private=None):
    if private:
        try:
            with open("/tmp/left", "w") as file:
                file.write(private)
        except OSError:
            pass
        return "left"
    return open("/tmp/left").read()


def earlier_call_by_collector(private=None):
    """Nothing is kept on purpose: the arguments are found wherever they still are."""
    if private:
        keep = [private]
        keep.append(keep)
        return "left"
    return collector()
