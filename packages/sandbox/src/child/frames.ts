export const HEADER_BYTES = 4

/** A message as bytes: length of the body (unsigned, 32 bits, little endian), then the body in JSON. */
export function encodeFrame(message: object): Buffer {
  const body = Buffer.from(JSON.stringify(message), 'utf8')
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  header.writeUInt32LE(body.length, 0)
  return Buffer.concat([header, body])
}

/**
 * Collects chunks and gives back the bodies that are whole.
 * Throws when a header announces more than `maxBodyBytes`, before anything of that body is kept.
 */
export function frameDecoder(maxBodyBytes: number): (chunk: Buffer) => Buffer[] {
  let pending: Buffer = Buffer.alloc(0)
  return (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    const bodies: Buffer[] = []
    while (pending.length >= HEADER_BYTES) {
      const length = pending.readUInt32LE(0)
      if (length > maxBodyBytes) throw new Error(`a frame of ${length} bytes; at most ${maxBodyBytes} are taken`)
      if (pending.length < HEADER_BYTES + length) break
      bodies.push(pending.subarray(HEADER_BYTES, HEADER_BYTES + length))
      pending = pending.subarray(HEADER_BYTES + length)
    }
    return bodies
  }
}
