"""Code that runs when its call is over: finalizers, hooks and timers. All of them make `len` say 7."""

import builtins
import gc
import sys


def _act(*_):
    builtins.len = lambda value: 7


def finalizer():
    class Late:
        def __del__(self):
            _act()

    keep = Late()
    keep.itself = keep
    return "waiting"


def weakref_finalizer():
    import weakref

    class Late:
        pass

    keep = Late()
    keep.itself = keep
    weakref.finalize(keep, _act)
    return "waiting"


def weakref_callback():
    import weakref

    class Late:
        pass

    keep = Late()
    keep.itself = keep
    sys.left = weakref.ref(keep, _act)
    return "waiting"


def collector_callback():
    gc.callbacks.append(_act)
    return "waiting"


def unfinished_generator():
    def late():
        try:
            yield late
        finally:
            _act()

    keep = [late()]
    keep.append(keep)
    next(keep[0])
    return "waiting"


def loop_callback():
    """Pyodide's event loop goes on when its call has returned."""
    import asyncio

    asyncio.get_event_loop_policy().get_event_loop().call_soon(_act)
    return "waiting"


def trace_function():
    sys.settrace(lambda *_: _act())
    return "waiting"


def profile_function():
    sys.setprofile(lambda *_: _act())
    return "waiting"


def monitoring_tool():
    monitoring = sys.monitoring
    monitoring.use_tool_id(4, "left")
    monitoring.register_callback(4, monitoring.events.PY_START, _act)
    monitoring.set_events(4, monitoring.events.PY_START)
    return "waiting"


def audit_hook():
    """The interpreter has no way to take one back."""

    def hook(event, arguments):
        if event == "compile":
            _act()

    sys.addaudithook(hook)
    return "waiting"


def unraisable_hook():
    sys.unraisablehook = _act
    return "waiting"
