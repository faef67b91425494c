import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { decompressed } from './decompress.ts'
import { errorCode } from './error-code.ts'
import { readChunks } from './read-chunks.ts'
import { UsageError } from './usage-error.ts'

/** The bytes of a stream of requests, decompressed. Whoever opens it iterates it or closes it. */
export interface Input {
  chunks: AsyncIterable<Uint8Array>
  close(): Promise<void>
}

/** `path` `-` reads `stdin`. What is compressed (gzip, zstd) is known by its first bytes. Throws UsageError where there is nothing to read from. */
export async function openInput(path: string, stdin: Readable): Promise<Input> {
  if (path === '-') {
    // Without an encoding set, a stream yields Buffers.
    return { chunks: decompressed(stdin as AsyncIterable<Uint8Array>, 'stdin'), close: async () => void stdin.destroy() }
  }
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new UsageError(`cannot read ${path}: ${errorCode(error) === 'ENOENT' ? 'there is no such file' : String(error)}`, {
      cause: error,
    })
  })
  try {
    const stats = await file.stat()
    if (stats.isDirectory()) throw new UsageError(`cannot read ${path}: it is a folder`)
    return { chunks: decompressed(readChunks(file, stats.isFile() ? 0 : null), path), close: () => file.close() }
  } catch (error) {
    await file.close()
    throw error
  }
}
