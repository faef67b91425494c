/** Which custom ids a stream has had. Keeps 64 bits of a hash and a line number for each: at most 16 bytes a line. */
export interface CustomIds {
  /** Null for an id that is new, and remembers it; else the number of the line that had it first. */
  firstLineOf(customId: string, lineNumber: number): number | null
  readonly size: number
  /** Memory of the table. */
  readonly byteLength: number
}

const SHARDS = 256
/** Words of 32 bits in one entry: two of hash, one of line number, which is 0 where the slot is free. */
const ENTRY_WORDS = 3
const FULLEST = 0.9
const GROWTH = 1.15

/**
 * An open-addressing table in 256 parts that grow one by one and by little: between 12 / 0.9 and 12 / (0.9 / 1.15) = 15.4 bytes an id, and no moment
 * at which the whole table exists twice. Two different ids share 64 bits once in 10^12 streams of a million lines; the later line would then be refused.
 * Line numbers above 2^32 wrap.
 */
export function createCustomIds(): CustomIds {
  const shards = Array.from({ length: SHARDS }, () => ({ table: new Uint32Array(0), slots: 0, used: 0 }))
  const hash = new Uint32Array(2)
  let size = 0

  return {
    get size() {
      return size
    },
    get byteLength() {
      return shards.reduce((sum, { table }) => sum + table.byteLength, 0)
    },
    firstLineOf(customId, lineNumber) {
      hashInto(hash, customId)
      const high = hash[0]!
      const low = hash[1]!
      const shard = shards[high >>> 24]!
      if (shard.used + 1 > shard.slots * FULLEST) grow(shard)
      const slot = slotOf(shard.table, shard.slots, high, low)
      const found = shard.table[slot + 2]!
      if (found !== 0) return found
      shard.table[slot] = high
      shard.table[slot + 1] = low
      // 0 marks a free slot: of 2^32 line numbers one is off by one.
      shard.table[slot + 2] = lineNumber >>> 0 || 1
      shard.used++
      size++
      return null
    },
  }
}

function grow(shard: { table: Uint32Array<ArrayBuffer>; slots: number }): void {
  const old = shard.table
  shard.slots = Math.max(16, Math.ceil(shard.slots * GROWTH))
  shard.table = new Uint32Array(shard.slots * ENTRY_WORDS)
  for (let entry = 0; entry < old.length; entry += ENTRY_WORDS) {
    if (old[entry + 2] === 0) continue
    const slot = slotOf(shard.table, shard.slots, old[entry]!, old[entry + 1]!)
    shard.table[slot] = old[entry]!
    shard.table[slot + 1] = old[entry + 1]!
    shard.table[slot + 2] = old[entry + 2]!
  }
}

/** Index of the entry that holds this hash, or of the free one where it belongs (linear probing). */
function slotOf(table: Uint32Array, slots: number, high: number, low: number): number {
  // The low half spreads entries over the slots; the top of the high half has already chosen the shard.
  let slot = Math.floor((low / 0x1_0000_0000) * slots) * ENTRY_WORDS
  while (table[slot + 2] !== 0 && (table[slot] !== high || table[slot + 1] !== low)) {
    slot += ENTRY_WORDS
    if (slot === table.length) slot = 0
  }
  return slot
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
  out[0] = a ^ (a >>> 16)
  out[1] = b ^ (b >>> 16)
}
