import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { shortenStack } from './shorten-stack.ts'

/** What Pyodide builds when it starts, seen from outside. */
export interface Captured {
  wasm: Buffer
  exports: WebAssembly.Exports
  /** Bytes of all the small modules that it makes. */
  smallModules: Uint8Array<ArrayBuffer>[]
  /** How long the function table is before Pyodide adds to it. */
  firstAdded: number
}

/** Runs `boot` and keeps what it instantiates. Pyodide gives no hook for this, so `WebAssembly.instantiate` and `WebAssembly.Module` are exchanged for as long as `boot` runs. */
export async function captureInstance<T>(pyodideFolder: string, boot: () => Promise<T>): Promise<{ booted: T; captured: Captured }> {
  const wasm = readFileSync(join(pyodideFolder, 'pyodide.asm.wasm'))
  const module = await WebAssembly.compile(wasm)
  const { instantiate, Module } = WebAssembly
  const smallModules: Uint8Array<ArrayBuffer>[] = []
  const found: { exports: WebAssembly.Exports; firstAdded: number }[] = []

  const instantiateSeen = async (...args: [BufferSource, WebAssembly.Imports?]): Promise<unknown> => {
    const imports = args[1]
    // Pyodide also instantiates tiny modules of its own; only the interpreter asks for system calls.
    if (!imports?.['wasi_snapshot_preview1']) return await instantiate(...args)
    const { exports } = await instantiate(module, imports)
    const table = exports['__indirect_function_table']
    found.push({ exports, firstAdded: table instanceof WebAssembly.Table ? table.length : 0 })
    return { instance: { exports: { ...exports, __heap_base: shortenStack(exports) } }, module }
  }
  const ModuleSeen = new Proxy(Module, {
    construct: (target, [bytes]: [Uint8Array<ArrayBuffer>]) => {
      smallModules.push(new Uint8Array(bytes))
      return new target(bytes)
    },
  })

  Object.assign(WebAssembly, { instantiate: instantiateSeen, Module: ModuleSeen })
  try {
    const booted = await boot()
    const [instance, ...more] = found
    if (!instance || more.length > 0) throw new Error(`Pyodide came up with ${found.length} interpreters, not one`)
    return { booted, captured: { wasm, smallModules, ...instance } }
  } finally {
    Object.assign(WebAssembly, { instantiate, Module })
  }
}
