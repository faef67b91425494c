"""Connections to a listener of the host."""


def _plug_in():
    """Pyodide's sockets lead to Node's once it is told so, which any tool can do that finds it."""
    try:
        import pyodide_js
    except ImportError:
        return
    from pyodide.ffi import run_sync

    run_sync(pyodide_js.useNodeSockFS())


def socket_connect():
    import socket

    _plug_in()

    connection = socket.socket()
    connection.connect(("127.0.0.1", HOST["port"]))
    connection.sendall(HOST["name"].encode())
    connection.close()
    return "sent"


def socket_module():
    """The built-in module alone."""
    import _socket

    _plug_in()

    connection = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    connection.connect(("127.0.0.1", HOST["port"]))
    connection.send(HOST["name"].encode())
    return "sent"


def http_client():
    import http.client

    _plug_in()

    connection = http.client.HTTPConnection("127.0.0.1", HOST["port"], timeout=2)
    connection.request("GET", "/" + HOST["name"])
    return "asked"


def url_open():
    import urllib.request

    _plug_in()

    return urllib.request.urlopen("http://127.0.0.1:%d/%s" % (HOST["port"], HOST["name"]), timeout=2).read().decode()


def pyfetch():
    """Pyodide's own client."""
    import asyncio

    from pyodide.http import pyfetch

    asyncio.ensure_future(pyfetch("http://127.0.0.1:%d/%s" % (HOST["port"], HOST["name"])))
    return "asked"


def load_package():
    """Pyodide's package loader fetches from wherever it is told."""
    import pyodide_js

    pyodide_js.loadPackage("http://127.0.0.1:%d/%s/a-1-py3-none-any.whl" % (HOST["port"], HOST["name"]))
    return "asked"


def web_socket():
    import js

    js.WebSocket.new("ws://127.0.0.1:%d/%s" % (HOST["port"], HOST["name"]))
    return "asked"


def node_http():
    """Node's own client."""
    import js

    js.process.getBuiltinModule("node:http").get("http://127.0.0.1:%d/%s" % (HOST["port"], HOST["name"]))
    return "asked"
