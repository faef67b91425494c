import { createHashTable } from './hash-table.ts'

/** Which custom ids a stream has had. Keeps 64 bits of a hash and a line number for each: at most 16 bytes a line. */
export interface CustomIds {
  /** Null for an id that is new, and remembers it; else the number of the line that had it first. */
  firstLineOf(customId: string, lineNumber: number): number | null
  readonly size: number
  /** Memory of the table. */
  readonly byteLength: number
}

/**
 * Two different ids of a million share their 64 bits in one of some 40 million streams; the later line would then be refused. Line numbers above 2^32 wrap.
 */
export function createCustomIds(): CustomIds {
  const table = createHashTable()
  const hash = new Uint32Array(3)
  return {
    get size() {
      return table.size
    },
    get byteLength() {
      return table.byteLength
    },
    firstLineOf(customId, lineNumber) {
      hashInto(hash, customId)
      // 0 says that there is none: of 2^32 line numbers one is off by one.
      const found = table.getOrSet(hash, lineNumber >>> 0 || 1)
      return found === 0 ? null : found
    },
  }
}

/** Two multiplicative lanes over UTF-16 code units, each finished with the other (after cyrb53): a tenth of the time of a cryptographic hash. */
function hashInto(out: Uint32Array, text: string): void {
  let a = 0xdeadbeef
  let b = 0x41c6ce57
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 0x9e3779b1)
    b = Math.imul(b ^ unit, 0x5f356495)
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35)
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
  out[1] = a ^ (a >>> 16)
  out[2] = b ^ (b >>> 16)
  out[0] = out[1] >>> 24
}
