import type { FileHandle } from 'node:fs/promises'

const CHUNK_BYTES = 256 * 1024

/** A file's bytes from `offset` on; null: from where it stands, for what cannot seek. Leaves the file open, also when it is not read to its end (a stream over a FileHandle closes it then). */
export async function* readChunks(file: FileHandle, offset: number | null): AsyncGenerator<Uint8Array, void, void> {
  for (let position = offset; ;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position)
    if (bytesRead === 0) return
    if (position !== null) position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
