import type { Heap } from '../child/memory.ts'
import { constantAddress, must, type Python } from '../child/python.ts'
import type { PythonApi } from '../child/python-api.ts'

/** Built-in modules that reach memory, other processes or JavaScript, or that exist to test CPython. Their entries are taken out of the interpreter's own table. */
export const WITHOUT_MODULES = [
  '_ctypes',
  '_posixsubprocess',
  '_pyodide_core',
  '_remote_debugging',
  '_testbuffer',
  '_testcapi',
  '_testclinic',
  '_testclinic_limited',
  '_testinternalcapi',
  '_testlimitedcapi',
  '_xxtestfuzz',
  'mmap',
  'xxsubtype',
]

const ENTRY_BYTES = 8
const MAX_NAME_BYTES = 256
/** Larger than CPython's state (about 400 KB in 3.14 on 32 bits) could ever be: the search ends long before. */
const SEARCHED_BYTES = 2 * 1024 * 1024

/** Makes WITHOUT_MODULES impossible to import, by whatever path: their names in the table of built-in modules become empty. */
export function removeBuiltinModules(python: Python, heap: Heap): void {
  const { api } = python
  const { _PyImport_ClearExtension: clearExtension } = api
  const original = heap.uint32(constantAddress(api.PyImport_Inittab))
  for (const name of WITHOUT_MODULES) {
    // A module that was loaded once is kept in a cache of its own, from which `_imp.create_builtin` would give it again.
    const text = must(python.textObject(name), 'a name')
    if (clearExtension(text, text) !== 0) api.PyErr_Clear()
  }
  for (const table of [original, copyInUse(api, heap, original)]) {
    for (let entry = table; heap.uint32(entry) !== 0; entry += ENTRY_BYTES) {
      const name = heap.uint32(entry)
      const text = heap.text(name, MAX_NAME_BYTES) ?? ''
      if (WITHOUT_MODULES.includes(text)) heap.setUint32(entry, name + text.length)
    }
  }
}

/** CPython works on a copy of the table, whose address only its runtime state knows: the pointer there to something that begins as the original does. */
function copyInUse(api: PythonApi, heap: Heap, original: number): number {
  const { _PyRuntime: runtime } = api
  const start = constantAddress(runtime)
  for (let place = start; place < start + SEARCHED_BYTES; place += 4) {
    const pointer = heap.uint32(place)
    if (pointer === original || pointer === 0 || pointer % 4 !== 0 || pointer > heap.size() - 16) continue
    const isCopy = [0, 4, 8, 12].every((offset) => heap.uint32(pointer + offset) === heap.uint32(original + offset))
    if (isCopy) return pointer
  }
  throw new Error('the table of built-in modules is not where it was in Pyodide 314')
}
