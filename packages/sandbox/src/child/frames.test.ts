import { expect, test } from 'vitest'
import { encodeFrame, frameDecoder } from './frames.ts'

const texts = (bodies: Buffer[]) => bodies.map((body) => body.toString('utf8'))

test('messages come back whole, however the bytes were cut', () => {
  const sent = [{ text: 'é🌍' }, {}, { long: 'x'.repeat(300) }]
  const bytes = Buffer.concat(sent.map(encodeFrame))
  for (const size of [1, 3, 7, bytes.length]) {
    const decode = frameDecoder(1_000)
    const received: string[] = []
    for (let start = 0; start < bytes.length; start += size) received.push(...texts(decode(bytes.subarray(start, start + size))))
    expect(received).toEqual(sent.map((message) => JSON.stringify(message)))
  }
})

test('a frame that announces too much is refused at its header', () => {
  const header = Buffer.alloc(4)
  header.writeUInt32LE(0xffffffff)
  expect(() => frameDecoder(1_000)(header)).toThrow('a frame of 4294967295 bytes; at most 1000 are taken')
})
