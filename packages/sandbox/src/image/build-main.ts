import { writeFileSync, writeSync } from 'node:fs'
import type { Heap } from '../child/memory.ts'
import { constantAddress } from '../child/python.ts'
import type { PythonApi } from '../child/python-api.ts'
import { encodeImage, type ImageManifest } from '../image-format.ts'
import { childProgram } from '../program.ts'
import type { BootOptions } from './boot-options.ts'
import { bootPyodide, type Booted } from './boot-pyodide.ts'
import { shrinkMemory } from './shrink-memory.ts'

const PAGE_BYTES = 65_536

/** Builds one image: `build-main.ts OUT OPTIONS`, OPTIONS in JSON. Runs before any tool exists, in a process of its own, and ends. */
const [outFile = '', optionsJson = ''] = process.argv.slice(2)
// The parent wrote the argument, as JSON of exactly this type.
const options: BootOptions = JSON.parse(optionsJson)
try {
  writeFileSync(outFile, imageOf(await bootPyodide(options)))
} catch (error) {
  // Without this Node would quote the line that threw, which in Pyodide is a million characters long.
  writeSync(process.stderr.fd, String(error).trim())
  process.exit(1)
}
process.exit(0)

function imageOf({ captured, api, heap, addresses, files }: Booted): Buffer {
  const programBreak = heap.uint32(api.emscripten_get_sbrk_ptr())
  return encodeImage({
    manifest: {
      program: childProgram(),
      stackPointer: api.emscripten_stack_get_current(),
      table: tableOf(captured, api, heap),
      python: addresses,
    },
    memory: heap.bytes(0, programBreak),
    wasm: shrinkMemory(captured.wasm, Math.ceil(programBreak / PAGE_BYTES)),
    files: files.under('/lib'),
  })
}

function tableOf({ exports, firstAdded, smallModules }: Booted['captured'], api: PythonApi, heap: Heap): ImageManifest['table'] {
  const table = exports['__indirect_function_table']
  if (!(table instanceof WebAssembly.Table)) throw new Error('this Pyodide has no function table')
  const names = new Map<unknown, string>()
  for (const [name, value] of Object.entries(exports)) if (typeof value === 'function') names.set(value, name)
  const added: (string | null)[] = []
  for (let place = firstAdded; place < table.length; place++) added.push(names.get(table.get(place)) ?? null)
  const { _PyRuntime: runtime, _PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET: offset } = api
  // Where Pyodide itself writes it.
  const place = heap.uint32(constantAddress(runtime) + heap.uint32(constantAddress(offset)))
  if (place < firstAdded || place >= table.length) throw new Error('this Pyodide has no trampoline')
  return { length: table.length, firstAdded, added, trampoline: { place, module: trampolineAmong(smallModules) } }
}

/** The small module that imports table and memory, in base64. */
function trampolineAmong(smallModules: Uint8Array<ArrayBuffer>[]): string {
  const [module, ...more] = smallModules.filter((bytes) => {
    const names = WebAssembly.Module.imports(new WebAssembly.Module(bytes)).map(({ name }) => name)
    return names.includes('__indirect_function_table') && names.includes('memory')
  })
  if (module === undefined || more.length > 0) throw new Error(`this Pyodide brings ${more.length} trampolines too many, or none`)
  return Buffer.from(module).toString('base64')
}
