import type { Bucket, Cause, Purpose, Role, Tokens } from '@toolwright/contracts'

/** What the ledger's entries of one sort add up to. */
export interface Sums {
  bucket: Bucket
  role: Role
  model: string
  purpose: Purpose
  cause: Cause
  calls: number
  costNano: number
  /** Entries whose price is unknown; their cost is not in `costNano`. */
  unpriced: number
  tokens: Tokens
}

/** A field of the sums is a JSON array of labels, then what is summed; model names may hold any character. */
export function sumsPrefix(bucket: Bucket, intent: { role: Role; purpose: Purpose }, model: string, cause: Cause): string {
  return `${JSON.stringify([bucket, intent.role, model, intent.purpose, cause])}:`
}

/** The rows behind a hash of such fields. */
export function readSums(hash: Record<string, string>): Sums[] {
  const rows = new Map<string, Sums>()
  for (const [field, text] of Object.entries(hash)) {
    const at = field.lastIndexOf(':')
    const labels = field.slice(0, at)
    let row = rows.get(labels)
    if (row === undefined) {
      // Written by `sumsPrefix` alone.
      const [bucket, role, model, purpose, cause] = JSON.parse(labels) as [Bucket, Role, string, Purpose, Cause]
      row = {
        bucket,
        role,
        model,
        purpose,
        cause,
        calls: 0,
        costNano: 0,
        unpriced: 0,
        tokens: { uncachedInput: 0, cacheRead: 0, cacheWrite: 0, output: 0 },
      }
      rows.set(labels, row)
    }
    const value = Number(text)
    switch (field.slice(at + 1)) {
      case 'calls':
        row.calls = value
        break
      case 'cost':
        row.costNano = value
        break
      case 'unpriced':
        row.unpriced = value
        break
      case 'uncachedInput':
        row.tokens.uncachedInput = value
        break
      case 'cacheRead':
        row.tokens.cacheRead = value
        break
      case 'cacheWrite':
        row.tokens.cacheWrite = value
        break
      case 'output':
        row.tokens.output = value
        break
    }
  }
  return [...rows.values()]
}
