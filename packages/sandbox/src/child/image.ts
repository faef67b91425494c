import type { FileSystem, PyodideModule } from './pyodide-module.ts'
import type { PythonApi } from './python-api.ts'

export interface Image {
  /** Puts the interpreter back to the frozen state, byte for byte. Returns why that cannot be proved, or null. */
  restore: () => string | null
}

/**
 * Freezes the interpreter: its whole memory up to the program break, the stack pointer (its one mutable wasm global) and the open files.
 * Above the break memory is zero; what a tool allocates there is zeroed again. Nothing else of the interpreter can change while the gate is locked.
 */
export function freeze(parts: { module: PyodideModule; api: PythonApi; files: FileSystem; isTorn: () => boolean }): Image {
  const { module, api, files } = parts
  const { _emscripten_stack_restore: restoreStack } = api
  const memory = module.HEAPU8
  const breakPointer = api.emscripten_get_sbrk_ptr() >>> 2
  const words = new Uint32Array(memory.buffer)
  const programBreak = () => words[breakPointer] ?? 0
  const stackPointer = api.emscripten_stack_get_current()
  const tableLength = module.wasmTable.length
  const openFiles = files.count()
  const frozen = memory.slice(0, programBreak())

  return {
    restore: () => {
      if (parts.isTorn()) return 'a file operation was cut short'
      if (module.HEAPU8 !== memory || memory.length === 0) return 'the memory grew'
      if (module.wasmTable.length !== tableLength) return 'the function table grew'
      // The break only ever rises (Emscripten's allocator never gives back), so it tells how far memory was touched.
      const touched = programBreak()
      if (touched < frozen.length || touched > memory.length) return 'the program break was moved'
      memory.set(frozen)
      memory.fill(0, frozen.length, touched)
      restoreStack(stackPointer)
      if (files.count() !== openFiles) files.closeAbove(openFiles)
      return null
    },
  }
}
