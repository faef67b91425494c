import { type Line, MAX_BATCH_BYTES, MAX_BATCH_LINES } from './line.ts'

/** Direct calls take seconds each: small batches keep a line from waiting for many slower ones. */
export const MAX_DIRECT_LINES = 8
/** Lines that read alike are judged one after the other. */
export const MAX_JUDGE_LINES = 64

/** The lines as batches of what one job may carry, in order. A line larger than that travels alone. */
export function inBatches(lines: readonly Line[], maxLines: number = MAX_BATCH_LINES): Line[][] {
  const batches: Line[][] = []
  let batch: Line[] = []
  let bytes = 0
  for (const line of lines) {
    const size = bytesOf(line)
    if (batch.length > 0 && (batch.length >= maxLines || bytes + size > MAX_BATCH_BYTES)) {
      batches.push(batch)
      batch = []
      bytes = 0
    }
    batch.push(line)
    bytes += size
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}

export function bytesOf(line: Line): number {
  return 200 + Buffer.byteLength(line.text) + (line.body === undefined ? 0 : Buffer.byteLength(JSON.stringify(line.body)))
}
