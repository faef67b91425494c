import { readSync, writeSync } from 'node:fs'
import { encodeFrames, HEADER_BYTES } from './frames.ts'
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

/** What the parent is told. Waking it costs more than a short call, so messages may wait for others to go with. */
export interface Sender {
  put: (message: ChildMessage) => void
  /** Sends what waits. */
  flush: () => void
  /** Sends what waits if nothing was sent lately. */
  flushIfQuiet: () => void
}

const QUIET_MS = 5
const MAX_WAITING_LENGTH = 1 << 20

export function openSender(): Sender {
  let waiting: string[] = []
  let waitingLength = 0
  let sentAt = 0
  const flush = () => {
    const bytes = encodeFrames(waiting)
    waiting = []
    waitingLength = 0
    for (let written = 0; written < bytes.length;) written += writeSync(CHANNEL, bytes, written)
    sentAt = performance.now()
  }
  return {
    put: (message) => {
      const body = JSON.stringify(message)
      waiting.push(body)
      waitingLength += body.length
      if (waitingLength > MAX_WAITING_LENGTH) flush()
    },
    flush,
    flushIfQuiet: () => {
      if (waiting.length > 0 && performance.now() - sentAt > QUIET_MS) flush()
    },
  }
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
