import { expect, test } from 'vitest'
import { shrinkMemory } from './shrink-memory.ts'

const HEAD = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
/** (memory (export "m") 480 65536) */
const MEMORY = [0x05, 0x07, 0x01, 0x01, 0xe0, 0x03, 0x80, 0x80, 0x04]
const EXPORT = [0x07, 0x05, 0x01, 0x01, 0x6d, 0x02, 0x00]

function pagesOf(wasm: Uint8Array): { pages: number; grown: number } {
  const { m: memory } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(wasm))).exports
  if (!(memory instanceof WebAssembly.Memory)) throw new Error('there is no memory')
  const pages = memory.buffer.byteLength / 65_536
  memory.grow(700)
  return { pages, grown: memory.buffer.byteLength / 65_536 }
}

test('the memory begins with fewer pages, grows as before, and all else stays', () => {
  const wasm = Buffer.from([...HEAD, ...MEMORY, ...EXPORT])
  expect(pagesOf(wasm)).toEqual({ pages: 480, grown: 1_180 })
  for (const pages of [1, 100, 200, 320, 480]) expect(pagesOf(shrinkMemory(wasm, pages))).toEqual({ pages, grown: pages + 700 })
})

test('a module whose memory is declared otherwise is refused', () => {
  expect(() => shrinkMemory(Buffer.from([...HEAD, ...MEMORY, ...EXPORT]), 481)).toThrow('not declared as it was')
  expect(() => shrinkMemory(Buffer.from([...HEAD, 0x05, 0x04, 0x01, 0x00, 0xe0, 0x03, ...EXPORT]), 100)).toThrow('not declared as it was')
  expect(() => shrinkMemory(Buffer.from(HEAD), 100)).toThrow('not declared as it was')
})
