import { createHash } from 'node:crypto'
import type { ImageManifest } from '../image-format.ts'

export interface FrozenMemory {
  /** Writes every byte of the memory as it is in the image. */
  restore(): void
  /** Over all of the memory, as hexadecimal text. About 100 ms for 40 MB. */
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
    hash: () => createHash('sha256').update(new Uint8Array(memory().buffer)).digest('hex'),
  }
}
