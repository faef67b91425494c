import { pipeline, Readable, type Duplex } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { UsageError } from './usage-error.ts'

/** First bytes of what is compressed. No request begins like this: it would not be UTF-8. */
const FORMATS: { name: string; magic: number[]; open: () => Duplex }[] = [
  { name: 'gzip', magic: [0x1f, 0x8b], open: () => createGunzip() },
  { name: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd], open: () => createZstdDecompress() },
]
const MAGIC_BYTES = 4

/** What a stream holds: its bytes, decompressed where they begin as gzip or zstd does. Throws UsageError, after all that can be read, where compressed data is damaged or ends too early. */
export async function* decompressed(chunks: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array, void, void> {
  const { head, all } = await withHead(chunks)
  const format = formatOf(head)
  if (format === undefined) return yield* all
  const reading = pipeline(Readable.from(all, { objectMode: false }), format.open(), () => undefined)
  try {
    // Without an encoding set, a stream yields Buffers.
    yield* reading as AsyncIterable<Uint8Array>
  } catch (error) {
    if (!isDataError(error)) throw error
    throw new UsageError(`cannot read all of ${path}: its ${format.name} data is damaged or ends too early (${error.message})`, {
      cause: error,
    })
  }
}

function formatOf(head: Uint8Array) {
  return FORMATS.find(({ magic }) => magic.every((byte, place) => head[place] === byte))
}

/** The first bytes of a stream, and the stream with them. */
async function withHead(chunks: AsyncIterable<Uint8Array>): Promise<{ head: Uint8Array; all: AsyncIterable<Uint8Array> }> {
  const iterator = chunks[Symbol.asyncIterator]()
  const first: Uint8Array[] = []
  let length = 0
  while (length < MAGIC_BYTES) {
    const { value, done } = await iterator.next()
    if (done === true) break
    first.push(value)
    length += value.length
  }
  async function* all() {
    yield* first
    yield* { [Symbol.asyncIterator]: () => iterator }
  }
  return { head: Buffer.concat(first).subarray(0, MAGIC_BYTES), all: all() }
}

/** What zlib says of bad data has a code of its own; anything else (the disk, say) is not the data's fault. */
function isDataError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^(Z_|ZSTD_)/.test(error.code)
}
