import { baselineOf } from '@toolwright/answering'
import type { Tokens } from '@toolwright/contracts'
import { baselineSpread, type KindMoney } from '@toolwright/registry'
import { type Range, times, within } from './range.ts'

/** What tokens cost at a model, in nano-dollars; null where its price is unknown. */
export type TokenCost = (tokens: Tokens) => number | null

/** What requests of one kind cost, answered by the strong model. */
export interface AnswerCost {
  /** Of so many of them, with 95 % confidence where it is `measured`. */
  of(requests: number): Range
  /** `measured`: from paid answers of the kind; `once`: from its only one; `assumed`: from those of others; `guessed`: from the length of the requests alone. */
  basis: 'measured' | 'once' | 'assumed' | 'guessed'
  /** Paid answers of the kind. */
  observations: number
}

/** How far off a single paid answer may be from those that come, and what is assumed from other kinds. */
export const UNPROVEN = { low: 0.5, high: 2 }
/** Before anything was paid for. Strong models that think before they answer use many more tokens. */
export const GUESSED = { low: 0.1, high: 6 }

const BYTES_PER_TOKEN = 4

/** As baselines are worked out; before anything was paid for, from the length of a request's text. `own`: null for requests of no kind. */
export function answerCost(own: KindMoney | null, all: KindMoney, textBytes: number, strong: TokenCost): AnswerCost {
  const { costNano, basis } = baselineOf(own?.direct ?? null, all.direct, textBytes, strong)
  if (own !== null && basis === 'measured') {
    const observations = own.direct.calls - own.direct.unpriced
    return {
      basis: observations === 1 ? 'once' : basis,
      observations,
      of: (requests) => measured(own, requests, Math.round(costNano! * requests), observations),
    }
  }
  const each = basis === 'assumed' ? within(costNano, UNPROVEN) : within(strong(tokensOf(60, textBytes, 60)), GUESSED)
  return { basis: basis === 'assumed' ? basis : 'guessed', observations: 0, of: (requests) => times(each, requests) }
}

/** Of a call that sends so many tokens before a text, and gets so many back. */
export function tokensOf(before: number, textBytes: number, output: number): Tokens {
  return { uncachedInput: Math.ceil(before + textBytes / BYTES_PER_TOKEN), cacheRead: 0, cacheWrite: 0, output }
}

/**
 * From how far paid answers are apart; but one of them may always be off as a single one may be, which is also all that is said of a single one. (Examples are asked for twice, so that
 * two equal costs may be those of one request.)
 */
function measured(own: KindMoney, requests: number, expected: number, observations: number): Range {
  const spread = baselineSpread([{ measured: requests, assumed: 0, money: own }]).plusMinusNano ?? 0
  const one = expected / observations
  return {
    low: Math.max(0, Math.round(expected - Math.max(spread, one * (1 - UNPROVEN.low)))),
    expected,
    high: Math.round(expected + Math.max(spread, one * (UNPROVEN.high - 1))),
  }
}
