import { shareInterval } from '../report/share-interval.ts'

/** How much of the input was looked at, in requests. */
export interface Sampled {
  requests: number
  sampled: number
}

/** Standard errors on each side that leave out 5 %. */
const Z = 1.96

/**
 * Of how many requests of the whole input `found` of its sample may stand, with 95 % confidence: Wilson's interval, at the size that an endless input would need a
 * sample of for the same error. No doubt is left where all of the input was looked at.
 */
export function countInterval(found: number, { requests, sampled }: Sampled): { low: number; high: number } {
  if (sampled >= requests) return { low: found, high: found }
  const larger = (requests - 1) / (requests - sampled)
  const { low, high } = shareInterval(found * larger, sampled * larger)
  const others = sampled - found
  return { low: Math.max(found, Math.floor(low * requests)), high: Math.min(requests - others, Math.ceil(high * requests)) }
}

/**
 * By how much the sum over the whole input may be off on either side, with 95 % confidence, because it is told from a sample: `found` requests of it are worth `each`, and what is
 * not named nothing. The standard error of a total of a simple random sample, drawn without putting back.
 */
export function sumError(groups: readonly { found: number; each: number }[], { requests, sampled }: Sampled): number {
  if (sampled >= requests || sampled < 2) return 0
  const sum = groups.reduce((all, { found, each }) => all + found * each, 0)
  const squares = groups.reduce((all, { found, each }) => all + found * each ** 2, 0)
  const variance = Math.max(0, (squares - sum ** 2 / sampled) / (sampled - 1))
  return Z * requests * Math.sqrt((1 - sampled / requests) * (variance / sampled))
}
