import { Buffer, isUtf8 } from 'node:buffer'
import { MAX_LINE_BYTES } from '@toolwright/contracts'

/** Where reading goes on: byte offset of a line's start, the seq its request would get, and its line number (the first is 1). */
export interface InputPosition {
  offset: number
  seq: number
  lineNumber: number
}

interface Place extends InputPosition {
  /** Just past the line's newline: `{ offset: endOffset, seq: seq + 1, lineNumber: lineNumber + 1 }` is the position after this line. */
  endOffset: number
  /** False only for a last line without a newline. */
  isTerminated: boolean
}

/** One physical line that is not blank. `head` of an unreadable one: at most its first 200 bytes, what is not UTF-8 replaced. */
export type InputText =
  | (Place & { status: 'text'; text: string })
  | (Place & { status: 'too-long'; byteLength: number; head: string })
  | (Place & { status: 'not-utf8'; byteLength: number; head: string })

export const INPUT_START: InputPosition = { offset: 0, seq: 0, lineNumber: 1 }

const HEAD_BYTES = 200
const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d

/**
 * Splits a stream of bytes that begins at `from.offset` into lines. Blank lines get a line number and no seq; CRLF and byte order marks are taken off.
 * Holds one chunk and at most `maxLineBytes` more: what is longer is passed over and yielded as `too-long`. Throws what the stream throws.
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  from: InputPosition = INPUT_START,
  maxLineBytes = MAX_LINE_BYTES,
): AsyncGenerator<InputText, void, void> {
  let { offset, seq, lineNumber } = from
  // One byte more than a line may have, for the carriage return.
  const carry = growingBuffer(maxLineBytes + 1)

  function* finish(bytes: Buffer, byteLength: number, isTerminated: boolean): Generator<InputText, void, void> {
    const endOffset = offset + byteLength + (isTerminated ? 1 : 0)
    const line = lineOf({ offset, seq, lineNumber, endOffset, isTerminated }, bytes, byteLength, maxLineBytes)
    offset = endOffset
    lineNumber++
    if (line.status === 'text' && line.text.trim() === '') return
    seq++
    yield line
  }

  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let start = 0
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      const piece = bytes.subarray(start, end)
      start = end + 1
      if (carry.seen() === 0) {
        yield* finish(piece, piece.length, true)
      } else {
        carry.append(piece)
        yield* finish(carry.kept(), carry.seen(), true)
        carry.clear()
      }
    }
    carry.append(bytes.subarray(start))
  }
  if (carry.seen() > 0) yield* finish(carry.kept(), carry.seen(), false)
}

function lineOf(place: Place, kept: Buffer, byteLength: number, maxLineBytes: number): InputText {
  const isWhole = kept.length === byteLength
  const bytes = isWhole && kept.at(-1) === CARRIAGE_RETURN ? kept.subarray(0, -1) : kept
  if (!isWhole || bytes.length > maxLineBytes) return { ...place, status: 'too-long', byteLength, head: headOf(bytes) }
  if (!isUtf8(bytes)) return { ...place, status: 'not-utf8', byteLength, head: headOf(bytes) }
  const text = bytes.toString('utf8')
  // Every line, not only the first: `cat a.jsonl b.jsonl` leaves a byte order mark in the middle.
  return { ...place, status: 'text', text: text.startsWith('\uFEFF') ? text.slice(1) : text }
}

function headOf(bytes: Buffer): string {
  return bytes.subarray(0, HEAD_BYTES).toString('utf8')
}

/** The part of a line that earlier chunks held. Copied, not collected as pieces: a pipe may deliver a megabyte in chunks of one byte. */
function growingBuffer(limit: number) {
  let bytes = Buffer.allocUnsafe(Math.min(limit, 4096))
  let kept = 0
  let seen = 0
  return {
    seen: () => seen,
    kept: () => bytes.subarray(0, kept),
    clear: () => {
      kept = 0
      seen = 0
    },
    append: (piece: Buffer) => {
      const taken = Math.min(piece.length, limit - kept)
      if (kept + taken > bytes.length) {
        const larger = Buffer.allocUnsafe(Math.min(limit, Math.max(bytes.length * 2, kept + taken)))
        bytes.copy(larger, 0, 0, kept)
        bytes = larger
      }
      piece.copy(bytes, kept, 0, taken)
      kept += taken
      seen += piece.length
    },
  }
}
