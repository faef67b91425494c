import { heapOf } from '../child/memory.ts'
import { constantAddress } from '../child/python.ts'
import { pythonApiOf } from '../child/python-api.ts'

/** Pyodide has 10 MB of it, and every reset would write them all. */
const STACK_BYTES = 3 * 1024 * 1024

/**
 * Ends the C stack of an interpreter in which nothing has run yet sooner than it was linked for, and lets its heap begin right there. CPython asks for the limits when it
 * starts, and raises RecursionError before it comes to them: with 3 MB about when JavaScript's stack, on which the same calls lie, would end too.
 * Returns the new beginning of the heap, as the wasm global that Pyodide's JavaScript reads.
 */
export function shortenStack(exports: WebAssembly.Exports): WebAssembly.Global {
  const api = pythonApiOf(exports)
  const { _emscripten_stack_restore: moveStack } = api
  const { memory, __stack_low: stackLow, __heap_base: heapBase } = exports
  if (!(memory instanceof WebAssembly.Memory) || !(stackLow instanceof WebAssembly.Global) || !(heapBase instanceof WebAssembly.Global))
    throw new Error('this Pyodide does not say where its stack is')
  const heap = heapOf(() => memory)
  const low = constantAddress(stackLow)
  const programBreak = api.emscripten_get_sbrk_ptr()
  const isUntouched =
    api.emscripten_stack_get_current() === constantAddress(heapBase) && heap.uint32(programBreak) === constantAddress(heapBase)
  if (!isUntouched || low + STACK_BYTES > constantAddress(heapBase))
    throw new Error("this Pyodide's stack is not where it was in Pyodide 314")
  const start = low + STACK_BYTES
  moveStack(start)
  api.emscripten_stack_set_limits(start, low)
  heap.setUint32(programBreak, start)
  return new WebAssembly.Global({ value: 'i32' }, start)
}
