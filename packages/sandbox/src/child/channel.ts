import { readSync, writeSync } from 'node:fs'
import { encodeFrame, HEADER_BYTES } from './frames.ts'
import type { ChildMessage } from './messages.ts'

/** The descriptor that the parent opened for the child alone. Guest code has no way to it: the gate answers every write of a descriptor itself. */
const CHANNEL = 3

/** The next message, waited for without an event loop; null when the parent is gone. The parent is the one writer of this channel: what comes is what the protocol says. */
export function readMessage(): unknown {
  const header = readExactly(HEADER_BYTES)
  if (!header) return null
  const body = readExactly(header.readUInt32LE(0))
  return body && JSON.parse(body.toString('utf8'))
}

export function writeMessage(message: ChildMessage): void {
  const frame = encodeFrame(message)
  for (let written = 0; written < frame.length;) written += writeSync(CHANNEL, frame, written)
}

function readExactly(length: number): Buffer | null {
  const buffer = Buffer.allocUnsafe(length)
  for (let filled = 0; filled < length;) {
    const read = readSync(CHANNEL, buffer, filled, length - filled, null)
    if (read === 0) return null
    filled += read
  }
  return buffer
}
