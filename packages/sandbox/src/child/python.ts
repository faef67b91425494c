import type { Heap, PyodideModule } from './pyodide-module.ts'
import type { PythonApi } from './python-api.ts'

const FILE_INPUT = 257

/** Functions of driver.py that the child calls. */
type DriverFunction =
  | 'compileTool'
  | 'loadCode'
  | 'rememberSource'
  | 'newGlobals'
  | 'reseed'
  | 'readArguments'
  | 'writeArguments'
  | 'messageOf'
  | 'describe'
  | 'typeName'
  | 'hidePyodide'
  | 'captureOutput'
  | 'settle'

/** Pointers to Python objects are plain numbers; 0 means that an exception is set. */
export interface Python {
  api: PythonApi
  none: number
  memoryError: number
  driver: Record<DriverFunction, number>
  textObject: (text: string) => number
  bytesObject: (bytes: Uint8Array) => number
  /** The bytes of a `bytes` object, copied. */
  bytesOf: (object: number) => Uint8Array
  isExactText: (object: number) => boolean
  /** UTF-8 length of a str, or null where it is no valid Unicode (lone surrogates). */
  text: (object: number, maxBytes: number) => { text: string } | { bytes: number } | null
  /** A member of a dict with str keys, borrowed; 0 where it is missing. */
  item: (dict: number, key: 'extract' | 'solve') => number
  emptyTuple: number
}

export function openPython(parts: { api: PythonApi; module: PyodideModule; heap: Heap; driverSource: string }): Python {
  const { api, heap } = parts
  const { _Py_NoneStruct: noneStruct } = api
  const encoder = new TextEncoder()
  const decoder = new TextDecoder()
  const lengthPointer = api.malloc(8)

  const withBytes = <T>(bytes: Uint8Array, use: (pointer: number) => T): T => {
    const pointer = api.malloc(bytes.length + 1)
    if (pointer === 0) throw new Error('no memory for a message')
    const room = heap.bytes(pointer, bytes.length + 1)
    room.set(bytes)
    room[bytes.length] = 0
    const result = use(pointer)
    api.free(pointer)
    return result
  }

  const typeOf = (object: number) => heap.uint32(object + 4)
  const keys = { extract: keyPointer('extract'), solve: keyPointer('solve') }
  function keyPointer(key: string): number {
    const bytes = encoder.encode(`${key}\0`)
    const pointer = api.malloc(bytes.length)
    heap.bytes(pointer, bytes.length).set(bytes)
    return pointer
  }

  const driverGlobals = runDriver()
  const driverFunction = (name: string) =>
    must(
      withBytes(encoder.encode(name), (key) => api.PyDict_GetItemString(driverGlobals, key)),
      `driver.py has no ${name}`,
    )

  return {
    api,
    driver: {
      compileTool: driverFunction('compile_tool'),
      loadCode: driverFunction('load_code'),
      rememberSource: driverFunction('remember_source'),
      newGlobals: driverFunction('new_globals'),
      reseed: driverFunction('reseed'),
      readArguments: driverFunction('read_arguments'),
      writeArguments: driverFunction('write_arguments'),
      messageOf: driverFunction('message_of'),
      describe: driverFunction('describe'),
      typeName: driverFunction('type_name'),
      hidePyodide: driverFunction('hide_pyodide'),
      captureOutput: driverFunction('capture_output'),
      settle: driverFunction('settle'),
    },
    none: constantAddress(noneStruct),
    // The exported variable holds a pointer to the class.
    memoryError: heap.uint32(constantAddress(api.PyExc_MemoryError)),
    emptyTuple: must(api.PyTuple_New(0), 'an empty tuple'),
    textObject: (text) => {
      const bytes = encoder.encode(text)
      return withBytes(bytes, (pointer) => api.PyUnicode_FromStringAndSize(pointer, bytes.length))
    },
    bytesObject: (bytes) => withBytes(bytes, (pointer) => api.PyBytes_FromStringAndSize(pointer, bytes.length)),
    bytesOf: (object) => heap.bytes(api.PyBytes_AsString(object), api.PyBytes_Size(object)).slice(),
    isExactText: (object) => typeOf(object) === constantAddress(api.PyUnicode_Type),
    text: (object, maxBytes) => {
      const pointer = api.PyUnicode_AsUTF8AndSize(object, lengthPointer)
      if (pointer === 0) {
        api.PyErr_Clear()
        return null
      }
      const bytes = heap.uint32(lengthPointer)
      return bytes > maxBytes ? { bytes } : { text: decoder.decode(heap.bytes(pointer, bytes)) }
    },
    item: (dict, key) => api.PyDict_GetItemString(dict, keys[key]),
  }

  function runDriver(): number {
    const globals = must(api.PyDict_New(), 'a dict')
    const builtins = must(api.PyDict_Copy(api.PyEval_GetBuiltins()), 'a copy of the builtins')
    withBytes(encoder.encode('__builtins__'), (key) => api.PyDict_SetItemString(globals, key, builtins))
    const code = withBytes(encoder.encode(parts.driverSource), (source) =>
      withBytes(encoder.encode('<driver>'), (name) => api.Py_CompileString(source, name, FILE_INPUT)),
    )
    must(api.PyEval_EvalCode(must(code, 'compiling driver.py'), globals, globals), 'running driver.py')
    return globals
  }
}

/** For what cannot fail unless the interpreter is broken: a null pointer becomes an Error. */
export function must(object: number, what: string): number {
  if (object === 0) throw new Error(`the interpreter failed at: ${what}`)
  return object
}

/** An exported C variable is a wasm global that holds its address. */
export function constantAddress(exported: WebAssembly.Global): number {
  return Number(exported.value)
}
