/** Whole numbers from 1 to 2^32 - 1, kept by hash. A hash is three words: the low byte of the first, and the other two. */
export interface HashTable {
  /** The number that stands under a hash; 0 for none. */
  get(hash: Uint32Array): number
  set(hash: Uint32Array, value: number): void
  /** What stands there, 0 for nothing: then `value` does from now on. */
  getOrSet(hash: Uint32Array, value: number): number
  readonly size: number
  /** Memory of the table. */
  readonly byteLength: number
}

const SHARDS = 256
/** Words of 32 bits in one entry: two of hash, one of value, which is 0 where the slot is free. */
const ENTRY_WORDS = 3
const ENTRY_BYTES = 4 * ENTRY_WORDS
const FULLEST = 0.9
const GROWTH = 1.15
/** Of one part. These are addresses that are set aside, 16 GiB for a table, not memory. */
const MOST_BYTES = 2 ** 26

interface Shard {
  table: Uint32Array<ArrayBuffer>
  slots: number
  used: number
}

/**
 * An open-addressing table in 256 parts that grow one by one, by little, and where they are: between 12 / 0.9 and 12 / (0.9 / 1.15) = 15.4 bytes an entry. Parts that were allocated anew, each larger than
 * before, would leave as much again between them that nothing fits in. Throws RangeError when there is no more room, at some thousand million entries.
 */
export function createHashTable(): HashTable {
  const shards = Array.from({ length: SHARDS }, (): Shard => ({
    table: new Uint32Array(new ArrayBuffer(0, { maxByteLength: MOST_BYTES })),
    slots: 0,
    used: 0,
  }))
  let spare = new Uint32Array(0)
  let size = 0

  const getOrSet = ([part = 0, high = 0, low = 0]: Uint32Array, value: number): number => {
    const shard = shards[part & (SHARDS - 1)]!
    if (shard.used + 1 > shard.slots * FULLEST) {
      if (spare.length < shard.table.length) spare = new Uint32Array(nextSlots(shard) * ENTRY_WORDS)
      grow(shard, spare)
    }
    const slot = slotOf(shard, high, low)
    const found = shard.table[slot + 2]!
    if (found !== 0) return found
    shard.table[slot] = high
    shard.table[slot + 1] = low
    shard.table[slot + 2] = value
    shard.used++
    size++
    return 0
  }
  return {
    get size() {
      return size
    },
    get byteLength() {
      return shards.reduce((sum, { table }) => sum + table.byteLength, 0)
    },
    get: ([part = 0, high = 0, low = 0]) => {
      const shard = shards[part & (SHARDS - 1)]!
      return shard.slots === 0 ? 0 : shard.table[slotOf(shard, high, low) + 2]!
    },
    set: (hash, value) => {
      const [part = 0, high = 0, low = 0] = hash
      if (getOrSet(hash, value) === 0) return
      const shard = shards[part & (SHARDS - 1)]!
      shard.table[slotOf(shard, high, low) + 2] = value
    },
    getOrSet,
  }
}

/** `spare` has room for what the part holds. */
function grow(shard: Shard, spare: Uint32Array): void {
  const { length } = shard.table
  spare.set(shard.table)
  const slots = nextSlots(shard)
  shard.table.buffer.resize(slots * ENTRY_BYTES)
  shard.slots = slots
  shard.table.fill(0, 0, length)
  for (let entry = 0; entry < length; entry += ENTRY_WORDS) {
    if (spare[entry + 2] === 0) continue
    const slot = slotOf(shard, spare[entry]!, spare[entry + 1]!)
    shard.table[slot] = spare[entry]!
    shard.table[slot + 1] = spare[entry + 1]!
    shard.table[slot + 2] = spare[entry + 2]!
  }
}

function nextSlots({ slots }: Shard): number {
  return Math.max(16, Math.ceil(slots * GROWTH))
}

/** Index of the entry that holds this hash, or of the free one where it belongs (linear probing). */
function slotOf({ table, slots }: Shard, high: number, low: number): number {
  // The low half spreads entries over the slots.
  let slot = Math.floor((low / 0x1_0000_0000) * slots) * ENTRY_WORDS
  while (table[slot + 2] !== 0 && (table[slot] !== high || table[slot + 1] !== low)) {
    slot += ENTRY_WORDS
    if (slot === table.length) slot = 0
  }
  return slot
}
