const MAGIC_BYTES = 8
const MEMORY_SECTION = 5

/**
 * The same module with a memory that begins with so many pages of 64 KiB: Pyodide asks for 30 MB at once, and every reset would write them all. It grows by what a tool needs, as it
 * would have beyond that. Throws where the module has not exactly one memory of its own.
 */
export function shrinkMemory(wasm: Uint8Array, pages: number): Uint8Array {
  for (let at = MAGIC_BYTES; at < wasm.length;) {
    const id = wasm[at]
    const size = readNumber(wasm, at + 1)
    if (id !== MEMORY_SECTION) {
      at = size.end + size.value
      continue
    }
    const count = readNumber(wasm, size.end)
    const hasMaximum = wasm[count.end]
    const least = readNumber(wasm, count.end + 1)
    if (count.value !== 1 || hasMaximum !== 1 || least.value < pages) break
    const rest = wasm.subarray(least.end, size.end + size.value)
    const body = [...wasm.subarray(size.end, count.end + 1), ...numberBytes(pages), ...rest]
    return Buffer.concat([
      wasm.subarray(0, at),
      Buffer.from([MEMORY_SECTION, ...numberBytes(body.length), ...body]),
      wasm.subarray(size.end + size.value),
    ])
  }
  throw new Error("this Pyodide's memory is not declared as it was in Pyodide 314")
}

/** An unsigned LEB128 number, as WebAssembly writes them, and where it ends. */
function readNumber(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0
  for (let at = start, shift = 0; ; at++, shift += 7) {
    const byte = bytes[at] ?? 0
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return { value, end: at + 1 }
  }
}

function numberBytes(value: number): number[] {
  const bytes: number[] = []
  for (let left = value; ; left >>>= 7) {
    if (left < 0x80) return [...bytes, left]
    bytes.push((left & 0x7f) | 0x80)
  }
}
