import { open, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { decompressed } from './decompress.ts'
import { errorCode } from './error-code.ts'
import { openFifo } from './open-fifo.ts'
import { readChunks } from './read-chunks.ts'
import { UsageError } from './usage-error.ts'

/** The bytes of a stream of requests, decompressed. Whoever opens it iterates it or closes it. */
export interface Input {
  chunks: AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/** `path` `-` reads `stdin`. What is compressed (gzip, zstd) is known by its first bytes. `signal` ends waiting for a pipe's writer. Throws UsageError where there is nothing to read from. */
export async function openInput(path: string, stdin: Readable, signal: AbortSignal): Promise<Input> {
  if (path === '-') {
    // Without an encoding set, a stream yields Buffers.
    return { chunks: decompressed(stdin as AsyncIterable<Uint8Array>, 'stdin'), close: async () => void stdin.destroy() }
  }
  const cannot = (error: unknown): never => {
    throw new UsageError(`cannot read ${path}: ${errorCode(error) === 'ENOENT' ? 'there is no such file' : String(error)}`, {
      cause: error,
    })
  }
  if ((await stat(path).catch(cannot)).isFIFO()) {
    const fifo = await openFifo(path, signal).catch(cannot)
    return { chunks: decompressed(fifo.chunks, path), close: async () => fifo.close() }
  }
  const file = await open(path, 'r').catch(cannot)
  try {
    const stats = await file.stat()
    if (stats.isDirectory()) throw new UsageError(`cannot read ${path}: it is a folder`)
    return { chunks: decompressed(readChunks(file, stats.isFile() ? 0 : null), path), close: () => file.close() }
  } catch (error) {
    await file.close()
    throw error
  }
}
