import { boundedCache } from '../bounded-cache.ts'
import type { Turn } from '../play/understand.ts'

const MESSAGE_OVERHEAD = 3
const REPLY_OVERHEAD = 3
/** Providers cache a prompt's start from this length on, in steps of this size. */
const SHORTEST_CACHED = 1024
const CACHE_STEP = 128

/** Tokens of o200k_base. Text that looks like one of its special tokens is counted as text. */
export interface Tokens {
  count(text: string): number
  /** The first `limit` tokens of the text, and whether something was left out. */
  cut(text: string, limit: number): { text: string; isCut: boolean }
  /** Tokens of a prompt, and how many of them the provider has cached: those of a long first message that this model has seen before. */
  prompt(model: string, turns: Turn[]): { promptTokens: number; cachedTokens: number }
}

/** Loads the tokenizer (about 150 ms and 30 MB), so not before the first call needs it. */
export async function loadTokens(): Promise<Tokens> {
  const { countTokens, decode, encode } = await import('gpt-tokenizer/encoding/o200k_base')
  const asText = { disallowedSpecial: new Set<string>() }
  const counts = boundedCache<number>(5_000)
  const seen = boundedCache<true>(5_000)
  const count = (text: string) => counts.get(text, () => countTokens(text, asText))
  return {
    count,
    cut(text, limit) {
      if (Buffer.byteLength(text) <= limit) return { text, isCut: false }
      const tokens = encode(text, asText)
      return tokens.length <= limit ? { text, isCut: false } : { text: decode(tokens.slice(0, limit)), isCut: true }
    },
    prompt(model, turns) {
      const promptTokens = turns.reduce((sum, turn) => sum + MESSAGE_OVERHEAD + 1 + count(turn.text), REPLY_OVERHEAD)
      const first = turns[0]
      const firstTokens = first ? count(first.text) : 0
      if (!first || firstTokens < SHORTEST_CACHED) return { promptTokens, cachedTokens: 0 }
      const key = `${model}\n${first.text}`
      const isSeen = seen.has(key)
      seen.get(key, () => true)
      return { promptTokens, cachedTokens: isSeen ? Math.floor(firstTokens / CACHE_STEP) * CACHE_STEP : 0 }
    },
  }
}
