import { readSync } from 'node:fs'
import { decodeImage, type ImageManifest } from '../image-format.ts'
import { frozenMemory } from './frozen-memory.ts'
import { openGate } from './import-gate.ts'
import type { Interpreter } from './interpreter.ts'
import { heapOf } from './memory.ts'
import type { ChildSettings } from './messages.ts'
import { openPython } from './python.ts'
import { pythonApiOf } from './python-api.ts'

const HOME = '/home/pyodide'
/** Of the memory that calls may add: a tool that took more leaves a process that holds on to it. */
const WORN_SHARE = 0.5

/** Stands a frozen interpreter up from the image behind `descriptor`: the same bytes in a new instance, with nothing but the gate to call. */
export function standUp(descriptor: number, settings: ChildSettings, onTick: () => void): Interpreter {
  const { manifest, part } = decodeImage((position, length) => readAt(descriptor, position, length))
  const module = new WebAssembly.Module(part(manifest.wasm))
  let instance: WebAssembly.Instance | null = null
  const memory = () => memoryOf(instance)
  const heap = heapOf(memory)
  const gate = openGate(
    {
      clockOffsetMs: settings.clockOffsetMs,
      outputBytes: settings.outputBytes,
      fileBytes: settings.fileBytes,
      heapBytes: settings.heapBytes,
      files: new Map(manifest.files.map(({ path, part: content }) => [path, part(content)])),
      home: HOME,
      onTick,
    },
    heap,
    memory,
  )
  instance = new WebAssembly.Instance(module, gate.importsFor(WebAssembly.Module.imports(module)))
  const { exports } = instance
  const table = fillTable(exports, manifest)
  const api = pythonApiOf(exports)
  const { _emscripten_stack_restore: restoreStack } = api
  const content = part(manifest.memory)
  const frozen = frozenMemory(memory, content)
  const missing = content.length - heap.size()
  if (missing > 0) memory().grow(Math.ceil(missing / 65_536))

  const restore = (): string | null => {
    const torn = gate.reset()
    if (torn !== null) return torn
    if (table.length !== manifest.table.length) return 'the function table grew'
    frozen.restore()
    restoreStack(manifest.stackPointer)
    return null
  }
  restore()
  const wornBytes = heap.size() + WORN_SHARE * (settings.heapBytes - heap.size())
  const hashAtFirst = settings.checkResets ? frozen.hash() : ''
  return {
    python: openPython({ api, heap, addresses: manifest.python }),
    gate,
    restore: () => {
      const unproved = restore()
      if (unproved !== null || !settings.checkResets) return unproved
      return frozen.hash() === hashAtFirst ? null : 'the memory is not what it was'
    },
    worn: () => (heap.size() > wornBytes ? `its memory has grown to ${heap.size()} bytes` : null),
  }
}

/** Puts back what Pyodide adds to the function table when it starts. What was JavaScript there is left out: a call of an empty place traps. */
function fillTable(exports: WebAssembly.Exports, { table: wanted }: ImageManifest): WebAssembly.Table {
  const { __indirect_function_table: table, memory } = exports
  if (!(table instanceof WebAssembly.Table) || table.length !== wanted.firstAdded)
    throw new Error('the function table is not the one of the image')
  table.grow(wanted.length - table.length)
  for (const [index, name] of wanted.added.entries()) {
    const added = name === null ? undefined : exports[name]
    if (typeof added === 'function') table.set(wanted.firstAdded + index, added)
  }
  const trampoline = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(wanted.trampoline.module, 'base64')), {
    env: { __indirect_function_table: table, ...(memory && { memory }) },
  })
  const [call] = Object.values(trampoline.exports)
  table.set(wanted.trampoline.place, call)
  return table
}

function memoryOf(instance: WebAssembly.Instance | null): WebAssembly.Memory {
  const memory = instance?.exports['memory']
  if (!(memory instanceof WebAssembly.Memory)) throw new Error('the interpreter has no memory')
  return memory
}

function readAt(descriptor: number, position: number, length: number): Buffer<ArrayBuffer> {
  const buffer = Buffer.from(new ArrayBuffer(length))
  for (let filled = 0; filled < length;) {
    const read = readSync(descriptor, buffer, filled, length - filled, position + filled)
    if (read === 0) throw new Error('the image ends too early')
    filled += read
  }
  return buffer
}
