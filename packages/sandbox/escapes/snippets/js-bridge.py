"""JavaScript by name: the modules and functions that Pyodide itself offers, and what a Node process has behind them."""


def run_js():
    from pyodide.code import run_js

    return run_js("process.env[%r]" % HOST["variable"])


def js_eval():
    import js

    return js.eval("process.env[%r]" % HOST["variable"])


def js_process():
    import js

    return getattr(js.process.env, HOST["variable"])


def js_global_this():
    from js import globalThis

    return globalThis.process.getBuiltinModule("fs").readFileSync(HOST["readable"], "utf8")


def js_write_file():
    import js

    js.process.getBuiltinModule("node:fs").writeFileSync(HOST["writable"], "x")
    return "written"


def js_child_process():
    import js
    from pyodide.ffi import to_js

    options = to_js({"encoding": "utf8"}, dict_converter=js.Object.fromEntries)
    return js.process.getBuiltinModule("child_process").execSync("cat '%s'" % HOST["readable"], options)


def js_vm():
    """The same as eval where eval itself is missing."""
    import js

    return js.process.getBuiltinModule("vm").runInThisContext("process.env[%r]" % HOST["variable"])


def js_inspector():
    """The debugger runs code in its own process."""
    import js

    session = js.process.getBuiltinModule("inspector").Session.new()
    session.connect()
    found = []
    from pyodide.ffi import create_proxy, to_js

    question = to_js({"expression": "process.env[%r]" % HOST["variable"]}, dict_converter=js.Object.fromEntries)
    session.post("Runtime.evaluate", question, create_proxy(lambda error, answer: found.append(answer.result.value)))
    return found[0]


def js_worker():
    """A worker has its own globals and, if told so, none of its parent's flags."""
    import js
    from pyodide.ffi import to_js

    code = "require('node:fs').writeFileSync(%r, 'x')" % HOST["writable"]
    options = to_js({"eval": True, "execArgv": []}, dict_converter=js.Object.fromEntries)
    js.process.getBuiltinModule("worker_threads").Worker.new(code, options)
    return "started"


def js_sqlite():
    """A file written without node:fs."""
    import js

    database = js.process.getBuiltinModule("node:sqlite").DatabaseSync.new(HOST["writable"])
    database.exec("create table t (x)")
    return "written"


def js_report():
    """Node's diagnostic report lists the environment."""
    import js

    return getattr(js.process.report.getReport().environmentVariables, HOST["variable"])


def js_fetch():
    import js

    js.fetch("http://127.0.0.1:%d/%s" % (HOST["port"], HOST["name"]))
    return "asked"


def js_net():
    import js

    js.process.getBuiltinModule("net").connect(HOST["port"], "127.0.0.1").end(HOST["name"])
    return "connected"


def js_timer():
    """Code that runs after its call: here it changes what `len` is for the next batch."""
    import builtins

    import js
    from pyodide.ffi import create_proxy

    def later(*_):
        builtins.len = lambda value: 7

    js.setTimeout(create_proxy(later), 0)
    return "waiting"


def registered_module():
    """A JavaScript object put in the place of a module that others import."""
    import sys

    import pyodide_js
    from pyodide.ffi import to_js

    sys.modules.pop("colorsys", None)
    pyodide_js.registerJsModule("left_behind", to_js({}))
    return "registered"
