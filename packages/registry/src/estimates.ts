import type { KindMoney } from './kind-money.ts'
import { studentT95 } from './student-t.ts'

/** How far a baseline may be off. */
export interface BaselineSpread {
  /** Half of the 95 % interval, in nano-dollars; null where no kind has the two direct calls that it takes. */
  plusMinusNano: number | null
  /** Direct calls that it was worked out from. */
  observations: number
  /** Requests that it is about, and estimated ones that it says nothing of. */
  covered: number
  uncovered: number
}

/** Requests of one kind whose baseline is estimated: `measured` from its own direct calls, which `money` has (null: they are not known any more), `assumed` from other kinds'. */
export interface EstimatedRequests {
  measured: number
  assumed: number
  money: KindMoney | null
}

/**
 * The interval of what the requests would have cost answered directly, in the place of how they were. A kind with the variance s² of n direct calls contributes s² · (m²/n + m) for its m requests:
 * the mean may be off, and so may each request be from it. Kinds are independent, so these add up; the degrees of freedom are Welch's and Satterthwaite's.
 */
export function baselineSpread(kinds: readonly EstimatedRequests[]): BaselineSpread {
  const spread: BaselineSpread = { plusMinusNano: null, observations: 0, covered: 0, uncovered: 0 }
  let variance = 0
  let overDegrees = 0
  for (const { measured, assumed, money } of kinds) {
    spread.uncovered += assumed
    if (measured === 0) continue
    const own = money === null ? null : varianceOf(money)
    if (own === null) {
      spread.uncovered += measured
      continue
    }
    const part = own.variance * (measured ** 2 / own.calls + measured)
    variance += part
    overDegrees += part ** 2 / (own.calls - 1)
    spread.observations += own.calls
    spread.covered += measured
  }
  if (spread.covered === 0) return spread
  const degrees = overDegrees === 0 ? Infinity : variance ** 2 / overDegrees
  return { ...spread, plusMinusNano: Math.round(studentT95(degrees) * Math.sqrt(variance)) }
}

/** What a direct call of a kind costs, in nano-dollars: the mean of those observed, and half of its 95 % interval (null where there are fewer than two). */
export interface DirectMean {
  nano: number
  observations: number
  plusMinusNano: number | null
}

/** Null where no direct call has a known cost. */
export function directMean(money: KindMoney): DirectMean | null {
  const { direct } = money
  const observations = direct.calls - direct.unpriced
  if (observations === 0) return null
  const own = varianceOf(money)
  const plusMinusNano = own === null ? null : studentT95(own.calls - 1) * Math.sqrt(own.variance / own.calls)
  return { nano: direct.costNano / observations, observations, plusMinusNano }
}

/** Of a kind's direct calls; null where fewer than two are known with their squares. */
function varianceOf({ direct, squares }: KindMoney): { variance: number; calls: number } | null {
  const calls = direct.calls - direct.unpriced
  if (calls < 2 || squares.calls !== calls) return null
  return { variance: Math.max(0, (squares.sum - direct.costNano ** 2 / calls) / (calls - 1)), calls }
}

/**
 * What one request would cost if the light model answered it directly, in nano-dollars: its price on the tokens of the kind's direct calls, or of all kinds' where it has none. Null where that is not
 * known. An estimate: the light model may write more or less, and its answers may be worse.
 */
export function lightAnswerNano(money: KindMoney | null, all: KindMoney): number | null {
  const { calls, costNano } = money !== null && money.atLight.calls > 0 ? money.atLight : all.atLight
  return calls === 0 ? null : costNano / calls
}
