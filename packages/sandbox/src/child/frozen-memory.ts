import { createHash } from 'node:crypto'
import type { ImageManifest } from '../image-format.ts'

export interface FrozenMemory {
  /** Writes every byte of the memory as it is in the image. */
  restore(): void
  /** Over all of the memory but the zeros at its end, so that how far it has grown makes no difference; as hexadecimal text. About 50 ms for 20 MB. */
  hash(): string
}

/** The memory as the image has it: `content` holds the runs one after the other; all else is zero, up to whatever size the memory has grown to. */
export function frozenMemory(memory: () => WebAssembly.Memory, runs: ImageManifest['runs'], content: Uint8Array): FrozenMemory {
  const pieces: { address: number; bytes: Uint8Array }[] = []
  let taken = 0
  for (const { address, length } of runs) {
    pieces.push({ address, bytes: content.subarray(taken, taken + length) })
    taken += length
  }
  return {
    restore: () => {
      const all = new Uint8Array(memory().buffer)
      let end = 0
      for (const { address, bytes } of pieces) {
        all.fill(0, end, address)
        all.set(bytes, address)
        end = address + bytes.length
      }
      all.fill(0, end)
    },
    hash: () => {
      const words = new BigUint64Array(memory().buffer)
      const end = words.findLastIndex((word) => word !== 0n) + 1
      return createHash('sha256').update(words.subarray(0, end)).digest('hex')
    },
  }
}
