"""Commands of the host: `system` is no stub in Node, it runs a shell."""

TOUCH = "touch '%s'" % HOST["writable"]


def os_system():
    import os

    return str(os.system(TOUCH))


def posix_system():
    import posix

    return str(posix.system(TOUCH))


def shell_connects():
    import os

    script = "require('node:net').connect(%d, '127.0.0.1').end('%s')" % (HOST["port"], HOST["name"])
    return str(os.system('"%s" -e "%s"' % (HOST["node"], script)))


def shell_signals():
    import os

    return str(os.system("kill -%d %d" % (HOST["signal"], HOST["pid"])))


def shell_in_background():
    """Still at work when the call is over."""
    import os

    return str(os.system("(sleep 0.2; %s) > /dev/null 2>&1 &" % TOUCH))


def from_subclasses():
    """No import: a class of `os` that anyone can find leads to its functions."""
    (kind,) = (kind for kind in object.__subclasses__() if kind.__name__ == "_wrap_close")
    return str(kind.__init__.__globals__["system"](TOUCH))


def from_pager():
    """The standard library calls `system` itself."""
    import pydoc

    pydoc.tempfilepager("", TOUCH + " #")
    return "paged"
