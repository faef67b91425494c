"""Files of the host through the interpreter's own file system, which can mount them."""


def mount_read():
    import pyodide_js

    pyodide_js.mountNodeFS("/home/mount_read", HOST["folder"])
    return open("/home/mount_read/secret").read()


def mount_write():
    import os

    import pyodide_js

    pyodide_js.mountNodeFS("/home/mount_write", HOST["folder"])
    with open("/home/mount_write/" + os.path.basename(HOST["writable"]), "w") as file:
        file.write("x")
    return "written"


def mount_root():
    """The whole disk at once."""
    import pyodide_js

    pyodide_js.mountNodeFS("/home/mount_root", "/")
    return open("/home/mount_root" + HOST["readable"]).read()


def mount_by_emscripten():
    import js
    import pyodide_js

    files = pyodide_js._module.FS
    files.mkdir("/home/mount_by_emscripten")
    files.mount(files.filesystems.NODEFS, js.Object.fromEntries([["root", HOST["folder"]]]), "/home/mount_by_emscripten")
    return files.readFile("/home/mount_by_emscripten/secret", js.Object.fromEntries([["encoding", "utf8"]]))


def mount_stays():
    """A folder of the host in the place of `/tmp`, for whoever comes next."""
    import os

    import pyodide_js

    os.makedirs("/tmp/left")
    pyodide_js.mountNodeFS("/tmp/left", HOST["folder"])
    return "mounted"


def load_binary_file():
    """How Pyodide reads its own parts; it reads others as well."""
    import js
    import pyodide_js
    from pyodide.ffi import create_proxy

    def later(data):
        js.process.getBuiltinModule("node:fs").writeFileSync(HOST["writable"], data)

    pyodide_js._api.loadBinaryFile(HOST["readable"]).then(create_proxy(later))
    return "reading"
