import { constants, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as pyodide from 'pyodide'
import { heapOf, type Heap } from '../child/memory.ts'
import { constantAddress, must, openPython, withBytes, type Python } from '../child/python.ts'
import { pythonApiOf, type PythonApi } from '../child/python-api.ts'
import { DRIVER_FUNCTIONS, type PythonAddresses } from '../image-format.ts'
import type { BootOptions } from './boot-options.ts'
import { captureInstance, type Captured } from './capture-instance.ts'
import { removeBuiltinModules, WITHOUT_MODULES } from './lock-down.ts'
import { fileSystemOf, type PyodideFiles } from './pyodide-module.ts'

export interface Booted {
  captured: Captured
  api: PythonApi
  heap: Heap
  python: Python
  addresses: PythonAddresses
  files: PyodideFiles
}

const FILE_INPUT = 257
const SITE_PACKAGES = '/lib/python3.14/site-packages'

/** Loads Pyodide as it is shipped and prepares it for tools: warm, with the driver in it, and without the doors to JavaScript. No tool has run in it. */
export async function bootPyodide(options: BootOptions): Promise<Booted> {
  // Pyodide asks Node for these constants in a way that --permission forbids.
  Object.assign(process, { binding: () => ({ fs: constants }) })
  const { loadPyodide }: typeof pyodide = await import(pathToFileURL(join(options.pyodideFolder, 'pyodide.mjs')).href)
  const { booted, captured } = await captureInstance(options.pyodideFolder, () =>
    loadPyodide({ env: { PYTHONHASHSEED: String(options.hashSeed) }, stdin: () => null }),
  )
  // Pyodide does not know Node's buffers.
  for (const wheel of options.wheels) booted.unpackArchive(new Uint8Array(readFileSync(wheel.path)), 'zip', { extractDir: SITE_PACKAGES })
  const imports = options.wheels.flatMap((wheel) => wheel.imports)
  if (imports.length > 0) booted.runPython(imports.map((name) => `import ${name}`).join('\n'))

  const api = pythonApiOf(captured.exports)
  const { memory } = captured.exports
  if (!(memory instanceof WebAssembly.Memory)) throw new Error('this Pyodide has no memory of its own')
  const heap = heapOf(() => memory)
  const globals = runDriver(api, heap)
  const addresses = addressesIn(api, heap, globals)
  const python = openPython({ api, heap, addresses })

  const preparing = (name: string) => memberOf(api, heap, globals, name)
  if (options.hideModules) {
    const names = must(python.textObject(WITHOUT_MODULES.join(' ')), 'names')
    must(api.PyObject_CallOneArg(preparing('hide_pyodide'), names), 'hiding Pyodide')
    removeBuiltinModules(python, heap)
  }
  must(api.PyObject_CallNoArgs(preparing('capture_output')), 'capturing output')
  must(api.PyObject_CallNoArgs(preparing('settle')), 'settling')
  const words = python.bytesOf(must(api.PyObject_CallNoArgs(preparing('random_words')), 'the state of random'))
  if (!Buffer.from(heap.bytes(addresses.randomState, words.length)).equals(words))
    throw new Error('the state of random is not where it was in Pyodide 314')
  clearFreeMemory(api, heap)
  // Makes Python's loops ask the gate, which is where their time ends.
  heap.setUint32(constantAddress(api.Py_EMSCRIPTEN_SIGNAL_HANDLING), 1)
  return { captured, api, heap, python, addresses, files: fileSystemOf(booted) }
}

/** What the start left in memory that is free again would be copied with every reset: zeros are not. */
function clearFreeMemory(api: PythonApi, heap: Heap): void {
  const end = heap.uint32(api.emscripten_get_sbrk_ptr())
  const taken: number[] = []
  for (let bytes = 1 << 16; bytes >= 256; bytes >>= 1) {
    for (;;) {
      const pointer = must(api.malloc(bytes), 'memory')
      taken.push(pointer)
      // From here on it would be new memory.
      if (pointer + bytes > end) break
      heap.bytes(pointer, bytes).fill(0)
    }
  }
  for (const pointer of taken) api.free(pointer)
}

function runDriver(api: PythonApi, heap: Heap): number {
  const source = readFileSync(new URL('driver.py', import.meta.url))
  const globals = must(api.PyDict_New(), 'a dict')
  const builtins = must(api.PyDict_Copy(api.PyEval_GetBuiltins()), 'a copy of the builtins')
  withText(api, heap, '__builtins__', (key) => api.PyDict_SetItemString(globals, key, builtins))
  const code = withBytes(api, heap, source, (text) =>
    withText(api, heap, '<driver>', (name) => api.Py_CompileString(text, name, FILE_INPUT)),
  )
  must(api.PyEval_EvalCode(must(code, 'compiling driver.py'), globals, globals), 'running driver.py')
  return globals
}

function addressesIn(api: PythonApi, heap: Heap, globals: number): PythonAddresses {
  const { _Py_NoneStruct: none } = api
  const driver = Object.fromEntries(DRIVER_FUNCTIONS.map((name) => [name, memberOf(api, heap, globals, name)]))
  return {
    none: constantAddress(none),
    // The exported variable holds a pointer to the class.
    memoryError: heap.uint32(constantAddress(api.PyExc_MemoryError)),
    emptyTuple: must(api.PyTuple_New(0), 'an empty tuple'),
    scratch: must(api.malloc(8), 'eight bytes'),
    // After what every Python object begins with.
    randomState: memberOf(api, heap, globals, 'shared_random') + 8,
    names: { extract: keep(api, heap, 'extract'), solve: keep(api, heap, 'solve') },
    // Made from the list of exactly these names.
    driver: driver as PythonAddresses['driver'],
  }
}

function memberOf(api: PythonApi, heap: Heap, globals: number, name: string): number {
  return must(
    withText(api, heap, name, (key) => api.PyDict_GetItemString(globals, key)),
    `driver.py has no ${name}`,
  )
}

function withText<T>(api: PythonApi, heap: Heap, text: string, use: (pointer: number) => T): T {
  return withBytes(api, heap, Buffer.from(text, 'utf8'), use)
}

function keep(api: PythonApi, heap: Heap, text: string): number {
  const bytes = Buffer.from(`${text}\0`, 'utf8')
  const pointer = must(api.malloc(bytes.length), 'a name')
  heap.bytes(pointer, bytes.length).set(bytes)
  return pointer
}
