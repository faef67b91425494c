import { constants, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as pyodide from 'pyodide'
import { captureInstance } from './capture-instance.ts'
import { freeze, type Image } from './image.ts'
import { makeGate, type Gate } from './import-gate.ts'
import { emptyOffsetTable, removeBuiltinModules, WITHOUT_MODULES } from './lock-down.ts'
import type { ChildSettings } from './messages.ts'
import { fileSystemOf, heapOf, withModule } from './pyodide-module.ts'
import { pythonApiOf } from './python-api.ts'
import { constantAddress, must, openPython, type Python } from './python.ts'

export interface Interpreter {
  python: Python
  gate: Gate
  image: Image
}

/** Loads Pyodide behind the gate, warms it, locks it and freezes it. Nothing of a tool has run before this returns. */
export async function bootInterpreter(settings: ChildSettings): Promise<Interpreter> {
  const gate = makeGate({ clockOffsetMs: settings.clockOffsetMs })
  // Pyodide asks Node for these constants in a way that --permission forbids.
  Object.assign(process, { binding: () => ({ fs: constants }) })
  const { loadPyodide }: typeof pyodide = await import(pathToFileURL(join(settings.pyodideFolder, 'pyodide.mjs')).href)
  const { booted, instance } = await captureInstance(settings.pyodideFolder, gate.wrap, () =>
    loadPyodide({ env: { PYTHONHASHSEED: String(settings.hashSeed) }, stdin: () => null }),
  )
  const { _module: module } = withModule(booted)
  const api = pythonApiOf(instance.exports)

  if (!module.growMemory(settings.heapBytes) || module.HEAPU8.length !== settings.heapBytes) {
    throw new Error(`the interpreter's memory cannot have ${settings.heapBytes} bytes`)
  }
  const heap = heapOf(module)
  const files = fileSystemOf(module)
  const python = openPython({ api, module, heap, driverSource: readFileSync(new URL('driver.py', import.meta.url), 'utf8') })

  const { driver } = python
  must(api.PyObject_CallOneArg(driver.hidePyodide, must(python.textObject(WITHOUT_MODULES.join(' ')), 'names')), 'hiding Pyodide')
  removeBuiltinModules(python, heap)
  emptyOffsetTable(instance, module)
  gate.lock({ heap, files })
  must(api.PyObject_CallNoArgs(driver.captureOutput), 'capturing output')
  must(api.PyObject_CallNoArgs(driver.settle), 'settling')
  gate.end()
  // Makes Python's loops ask the gate, which is where their time ends.
  heap.setUint32(constantAddress(api.Py_EMSCRIPTEN_SIGNAL_HANDLING), 1)
  const image = freeze({ module, api, files, isTorn: gate.isTorn })
  return { python, gate, image }
}
