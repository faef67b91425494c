import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export type ImportedFunction = (...args: unknown[]) => unknown

export interface CapturedInstance {
  exports: WebAssembly.Exports
  /** Table slots of imports that are not called by name but through the table (WebGL, console): the gate's other door. */
  offsetTable: WebAssembly.Global[]
}

/**
 * Runs `boot` while every function that the interpreter's module imports is replaced by what `wrap` makes of it.
 * Pyodide gives no hook for this, so `WebAssembly.instantiate` is exchanged for as long as `boot` runs.
 */
export async function captureInstance<T>(
  pyodideFolder: string,
  wrap: (name: string, imported: ImportedFunction) => ImportedFunction,
  boot: () => Promise<T>,
): Promise<{ booted: T; instance: CapturedInstance }> {
  const module = await WebAssembly.compile(readFileSync(join(pyodideFolder, 'pyodide.asm.wasm')))
  const needed = WebAssembly.Module.imports(module)
  const original = WebAssembly.instantiate
  const captured: CapturedInstance[] = []

  const instantiate = async (...args: [BufferSource, WebAssembly.Imports?]): Promise<unknown> => {
    const imports = args[1]
    // Pyodide also instantiates tiny modules of its own; only the interpreter asks for system calls.
    if (!imports?.['wasi_snapshot_preview1']) return original(...args)
    const gated: WebAssembly.Imports = {}
    const offsetTable: WebAssembly.Global[] = []
    for (const { module: from, name, kind } of needed) {
      const given = imports[from]?.[name]
      const group = (gated[from] ??= {})
      if (given === undefined) throw new Error(`Pyodide gives no import ${from}.${name}`)
      group[name] = kind === 'function' && isFunction(given) ? wrap(name, given) : given
      if (from === 'GOT.func' && given instanceof WebAssembly.Global) offsetTable.push(given)
    }
    const instance = await original(module, gated)
    captured.push({ exports: instance.exports, offsetTable })
    return { instance, module }
  }

  Object.assign(WebAssembly, { instantiate })
  try {
    const booted = await boot()
    const [instance, ...more] = captured
    if (!instance || more.length > 0) throw new Error(`Pyodide came up with ${captured.length} instances behind the gate, not one`)
    return { booted, instance }
  } finally {
    Object.assign(WebAssembly, { instantiate: original })
  }
}

function isFunction(value: unknown): value is ImportedFunction {
  return typeof value === 'function'
}
