import { z } from 'zod'
import { KindId, RunId } from './ids.ts'

export const Role = z.enum(['strong', 'light'])
export type Role = z.infer<typeof Role>

export const Purpose = z.enum(['answer', 'call', 'judge', 'label', 'propose', 'repair', 'verify'])
export type Purpose = z.infer<typeof Purpose>

/** Where an entry's cost belongs. Every entry is in exactly one bucket; the buckets add up to the ledger. */
export const Bucket = z.enum(['results', 'makes', 'overhead', 'waste'])
export type Bucket = z.infer<typeof Bucket>

export function bucketOf(purpose: Purpose, cause: Cause): Bucket {
  if (cause === 'waste') return 'waste'
  switch (purpose) {
    case 'answer':
    case 'call':
      return 'results'
    case 'judge':
      return 'overhead'
    case 'label':
    case 'propose':
    case 'repair':
    case 'verify':
      return 'makes'
  }
}

/** `retry`: the same call again after one that failed or got lost; `waste`: a paid reply that nothing used. */
export const Cause = z.enum(['normal', 'retry', 'waste'])
export type Cause = z.infer<typeof Cause>

/** Token classes that do not overlap. */
export const Tokens = z.object({
  uncachedInput: z.int().nonnegative(),
  cacheRead: z.int().nonnegative(),
  cacheWrite: z.int().nonnegative(),
  output: z.int().nonnegative(),
})
export type Tokens = z.infer<typeof Tokens>

export const LedgerEntry = z.object({
  v: z.literal(1),
  run: RunId,
  kind: KindId.nullable(),
  role: Role,
  model: z.string(),
  purpose: Purpose,
  cause: Cause,
  bucket: Bucket,
  tokens: Tokens,
  /** Integer nano-dollars; null where the model's price is unknown. */
  costNano: z.int().nonnegative().nullable(),
  /** Which price list gave the cost, with its version, or 'unknown'. */
  price: z.string(),
  /** Milliseconds since the epoch, Redis' clock. */
  at: z.int().nonnegative(),
})
export type LedgerEntry = z.infer<typeof LedgerEntry>
