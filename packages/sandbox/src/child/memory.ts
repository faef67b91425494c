/** The interpreter's linear memory. Pointers and lengths are unsigned 32-bit numbers; wasm hands them over as signed ones. */
export interface Heap {
  size(): number
  /** A view, valid until the memory grows. Throws a RangeError where it would reach beyond the memory. */
  bytes(pointer: number, length: number): Uint8Array<ArrayBuffer>
  /** UTF-8 up to the zero, or null where there is none within `maxBytes`. */
  text(pointer: number, maxBytes: number): string | null
  uint32(pointer: number): number
  setUint8(pointer: number, value: number): void
  setUint16(pointer: number, value: number): void
  setInt32(pointer: number, value: number): void
  setUint32(pointer: number, value: number): void
  setInt64(pointer: number, value: bigint): void
}

/** Follows the memory when it grows. `memory` is asked with the first access, and then every time. */
export function heapOf(memory: () => WebAssembly.Memory): Heap {
  let all = new Uint8Array(0)
  let cells = new DataView(all.buffer)
  const refresh = () => {
    const { buffer } = memory()
    if (all.buffer === buffer) return
    all = new Uint8Array(buffer)
    cells = new DataView(buffer)
  }
  const view = () => {
    refresh()
    return cells
  }
  const bytes = (pointer: number, length: number) => {
    refresh()
    const start = pointer >>> 0
    const end = start + (length >>> 0)
    if (end > all.length) throw new RangeError('beyond the memory')
    return all.subarray(start, end)
  }
  return {
    size: () => memory().buffer.byteLength,
    bytes,
    text: (pointer, maxBytes) => {
      refresh()
      const start = pointer >>> 0
      const end = all.subarray(start, start + maxBytes).indexOf(0)
      return end < 0 ? null : Buffer.from(all.subarray(start, start + end)).toString('utf8')
    },
    uint32: (pointer) => view().getUint32(pointer >>> 0, true),
    setUint8: (pointer, value) => view().setUint8(pointer >>> 0, value),
    setUint16: (pointer, value) => view().setUint16(pointer >>> 0, value, true),
    setInt32: (pointer, value) => view().setInt32(pointer >>> 0, value, true),
    setUint32: (pointer, value) => view().setUint32(pointer >>> 0, value, true),
    setInt64: (pointer, value) => view().setBigInt64(pointer >>> 0, value, true),
  }
}
