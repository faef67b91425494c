import { constants, openSync, readSync } from 'node:fs'
import { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { errorCode } from './error-code.ts'

const LOOK_MS = 50
const CHUNK_BYTES = 65_536

/**
 * The bytes of a named pipe, and what ends reading it. Read as a file it would block a thread until somebody writes, and the process could not even exit while it does.
 * Until it has a writer it is asked for one; none once `signal` is aborted.
 */
export async function openFifo(path: string, signal: AbortSignal): Promise<{ chunks: AsyncIterable<Uint8Array>; close(): void }> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const first = await firstBytes(fd, signal)
  const rest = new Socket({ fd, readable: true, writable: false })
  async function* chunks(): AsyncGenerator<Uint8Array, void, void> {
    if (first.length > 0) yield first
    if (signal.aborted) return
    // Without an encoding set, a stream yields Buffers.
    yield* rest as AsyncIterable<Uint8Array>
  }
  return { chunks: chunks(), close: () => void rest.destroy() }
}

/** What is in it by the time that it has a writer; nothing where that writes later. */
async function firstBytes(fd: number, signal: AbortSignal): Promise<Buffer> {
  const bytes = Buffer.alloc(CHUNK_BYTES)
  while (!signal.aborted) {
    try {
      const length = readSync(fd, bytes)
      // None, and at once: nobody has it open for writing.
      if (length > 0) return bytes.subarray(0, length)
    } catch (error) {
      if (errorCode(error) === 'EAGAIN') break
      throw error
    }
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined)
  }
  return Buffer.alloc(0)
}
