import type { IncomingMessage } from 'node:http'
import { ApiError } from './api-error.ts'

const MAX_BODY_BYTES = 20_000_000

/** The body as text. Throws the API's 413 where it is too long. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  const body: AsyncIterable<Uint8Array> = request
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new ApiError(413, 'invalid_request_error', 'The request body is too large.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
