import type { FileHandle } from 'node:fs/promises'

/** Lines that were appended somewhere and can be read again. */
export interface ReadBack {
  /** Bytes so far: where the next line will begin. */
  length(): number
  read(offset: number, byteLength: number): Promise<Buffer>
}

/** No result line is shorter: in so many bytes at most one begins, so an offset can be kept without its last bits. */
const GRAIN = 64
const CHUNK_BYTES = 16_384
const NEWLINE = 0x0a

/** An offset of a line's beginning, shortened: 31 bits reach to 137 GB. */
export function placeOf(offset: number): number {
  return Math.floor(offset / GRAIN)
}

export async function readAt(file: FileHandle, offset: number, byteLength: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(byteLength), 0, byteLength, offset)
  return buffer.subarray(0, bytesRead)
}

/** The line that begins at a place. Throws where none does. */
export async function lineAt(source: ReadBack, place: number): Promise<string> {
  const from = place * GRAIN - 1
  // The newline before the line is looked for; before the first one there is none.
  let bytes = from < 0 ? Buffer.from('\n') : Buffer.alloc(0)
  for (let start = -1; ;) {
    const more = await source.read(from + bytes.length, Math.max(CHUNK_BYTES, bytes.length))
    if (more.length === 0) throw changed(place)
    const searched = bytes.length
    bytes = Buffer.concat([bytes, more])
    if (start < 0) {
      start = bytes.indexOf(NEWLINE) + 1
      if (start === 0 || start > GRAIN) throw changed(place)
    }
    const end = bytes.indexOf(NEWLINE, Math.max(start, searched))
    if (end >= 0) return bytes.toString('utf8', start, end)
  }
}

function changed(place: number): Error {
  return new Error(`no line begins at byte ${place * GRAIN} of the results: something else has changed them while the run went on`)
}
