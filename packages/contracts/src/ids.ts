import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

export const RunId = z.string().regex(/^r-[a-z2-7]{10}$/, 'a run id looks like r-abcdefghij (r- and ten of a-z, 2-7)')
export type RunId = z.infer<typeof RunId>

export const KindId = z.string().regex(/^k-[a-z0-9-]{1,40}-[0-9a-f]{6}$/, 'a kind id looks like k-sort-words-1a2b3c')
export type KindId = z.infer<typeof KindId>

export const SpaceName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'a space name is 1 to 32 of a-z, 0-9 and -')

export function newRunId(): RunId {
  let id = 'r-'
  for (const byte of randomBytes(10)) id += BASE32[byte % 32]
  return id
}

/** A kind id that reads well: a slug of its name or first text, and six hex digits of what makes it unique. */
export function kindIdOf(label: string, ...identity: string[]): KindId {
  const slug = label
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 28)
    .replace(/-+$/, '')
  return `k-${slug || 'kind'}-${hashOf(...identity).slice(0, 6)}`
}

/** Hex SHA-256 of the parts, each with its length before it, so that no two lists of parts share a text. */
export function hashOf(...parts: (string | number)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${String(part).length}:${part}`)
  return hash.digest('hex')
}

/** A BullMQ job id: derived from what the job is about, so that adding it twice is harmless. Never an integer, never with a colon. */
export function jobIdOf(stage: string, ...parts: (string | number)[]): string {
  return `${stage}-${hashOf(stage, ...parts).slice(0, 32)}`
}
