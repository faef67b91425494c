export const HEADER_BYTES = 4

/** A message as bytes: length of the body (unsigned, 32 bits, little endian), then the body in JSON. */
export function encodeFrame(message: object): Buffer {
  return encodeFrames([JSON.stringify(message)])
}

/** Messages, which are JSON already, one after the other as bytes. */
export function encodeFrames(bodies: readonly string[]): Buffer {
  const frames = Buffer.allocUnsafe(bodies.reduce((sum, body) => sum + HEADER_BYTES + Buffer.byteLength(body), 0))
  let end = 0
  for (const body of bodies) {
    const length = frames.write(body, end + HEADER_BYTES)
    frames.writeUInt32LE(length, end)
    end += HEADER_BYTES + length
  }
  return frames
}

/**
 * Collects chunks and gives back the bodies that are whole.
 * Throws when a header announces more than `maxBodyBytes`, before anything of that body is kept.
 */
export function frameDecoder(maxBodyBytes: number): (chunk: Buffer) => Buffer[] {
  let pieces: Buffer[] = []
  let held = 0
  // Until so many bytes are there, nothing is whole, and nothing needs to be put together.
  let wanted = HEADER_BYTES
  return (chunk) => {
    pieces.push(chunk)
    held += chunk.length
    if (held < wanted) return []
    let pending = pieces.length === 1 ? chunk : Buffer.concat(pieces)
    const bodies: Buffer[] = []
    wanted = HEADER_BYTES
    while (pending.length >= HEADER_BYTES) {
      const length = pending.readUInt32LE(0)
      if (length > maxBodyBytes) throw new Error(`a frame of ${length} bytes; at most ${maxBodyBytes} are taken`)
      wanted = HEADER_BYTES + length
      if (pending.length < wanted) break
      bodies.push(pending.subarray(HEADER_BYTES, wanted))
      pending = pending.subarray(wanted)
      wanted = HEADER_BYTES
    }
    pieces = pending.length === 0 ? [] : [pending]
    held = pending.length
    return bodies
  }
}
