import { open, type FileHandle } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { decompressed, isCompressed, MAGIC_BYTES } from './decompress.ts'
import { errorCode } from './error-code.ts'
import { readChunks } from './read-chunks.ts'
import { UsageError } from './usage-error.ts'

/** The bytes of a stream of requests from an offset on, decompressed. Whoever opens it iterates it or closes it. */
export interface Input {
  chunks: AsyncIterable<Uint8Array>
  /** Bytes in all; null where nobody can know (a pipe, or what is compressed). */
  byteLength: number | null
  close(): Promise<void>
}

/**
 * `path` `-` reads `stdin`. What is compressed (gzip, zstd) is known by its first bytes, and `offset` counts what it holds. A pipe cannot seek, nor can what is
 * compressed: it is read and thrown away up to `offset`. Throws UsageError where there is nothing to read from.
 */
export async function openInput(path: string, offset: number, stdin: Readable): Promise<Input> {
  if (path === '-') {
    // Without an encoding set, a stream yields Buffers.
    const chunks = skipBytes(decompressed(stdin as AsyncIterable<Uint8Array>, 'stdin'), offset)
    return { chunks, byteLength: null, close: async () => void stdin.destroy() }
  }
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new UsageError(`cannot read ${path}: ${errorCode(error) === 'ENOENT' ? 'there is no such file' : String(error)}`, {
      cause: error,
    })
  })
  try {
    const stats = await file.stat()
    if (stats.isDirectory()) throw new UsageError(`cannot read ${path}: it is a folder`)
    const close = () => file.close()
    const isSeekable = stats.isFile() && !isCompressed(await headOf(file))
    if (!isSeekable) {
      const chunks = decompressed(readChunks(file, stats.isFile() ? 0 : null), path)
      return { chunks: skipBytes(chunks, offset), byteLength: null, close }
    }
    if (stats.size < offset) {
      throw new UsageError(`${path} has ${stats.size} bytes, but this run had already read ${offset}: the file has changed since`)
    }
    return { chunks: readChunks(file, offset), byteLength: stats.size, close }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function headOf(file: FileHandle): Promise<Uint8Array> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(MAGIC_BYTES), 0, MAGIC_BYTES, 0)
  return buffer.subarray(0, bytesRead)
}

async function* skipBytes(chunks: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array, void, void> {
  let left = count
  for await (const bytes of chunks) {
    if (left >= bytes.length) left -= bytes.length
    else {
      yield bytes.subarray(left)
      left = 0
    }
  }
}
