import type { Tokens } from '@toolwright/contracts'
import type { Cost, Prices } from './prices.ts'

/** More than the most that a known model counts for one image at high detail (48 thousand): an image's tokens have nothing to do with its URL's length. */
const IMAGE_TOKENS = 50_000

/**
 * The most tokens that a request can use: a token is at least one byte, and the JSON around a message is longer than what a chat template adds to it.
 */
export function boundTokens(body: Record<string, unknown>): Tokens {
  const input = JSON.stringify([body['messages'], body['tools'], body['functions'], body['response_format']])
  const images = input.match(/"image_url"\s*:/g)?.length ?? 0
  const limit = numberOf(body['max_completion_tokens']) ?? numberOf(body['max_tokens']) ?? 0
  return {
    uncachedInput: Buffer.byteLength(input) + images * IMAGE_TOKENS,
    cacheRead: 0,
    cacheWrite: 0,
    output: limit * Math.max(1, numberOf(body['n']) ?? 1),
  }
}

/** What a request can cost at most: writing to the cache may cost more than plain input. */
export function boundCostNano(prices: Prices, model: string, tokens: Tokens, baseUrl: string): Cost['costNano'] {
  const plain = prices.costOf(model, tokens, baseUrl).costNano
  const written = prices.costOf(model, { ...tokens, uncachedInput: 0, cacheWrite: tokens.uncachedInput }, baseUrl).costNano
  return plain === null || written === null ? null : Math.max(plain, written)
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}
