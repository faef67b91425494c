import { createHash } from 'node:crypto'
import type { ImageManifest } from '../image-format.ts'

export interface FrozenMemory {
  /** What of the memory the image holds, in bytes; all beyond is zero. */
  length: number
  /** Writes every byte of the memory as it is in the image. */
  restore(): void
  /** Over all of the memory but the zeros at its end, so that how far it has grown makes no difference; as hexadecimal text. About 50 ms for 20 MB. */
  hash(): string
}

/** The memory as the image has it: `content` holds the runs one after the other; all else is zero, up to whatever size the memory has grown to. */
export function frozenMemory(memory: () => WebAssembly.Memory, runs: ImageManifest['runs'], content: Uint8Array): FrozenMemory {
  const last = runs.at(-1)
  // In one piece, zeros and all: the larger a copy, the faster it goes.
  const frozen = new Uint8Array(last === undefined ? 0 : last.address + last.length)
  let taken = 0
  for (const { address, length } of runs) {
    frozen.set(content.subarray(taken, taken + length), address)
    taken += length
  }
  return {
    length: frozen.length,
    restore: () => {
      const all = new Uint8Array(memory().buffer)
      all.set(frozen)
      all.fill(0, frozen.length)
    },
    hash: () => {
      const words = new BigUint64Array(memory().buffer)
      const end = words.findLastIndex((word) => word !== 0n) + 1
      return createHash('sha256').update(words.subarray(0, end)).digest('hex')
    },
  }
}
