import type { Sums } from '@toolwright/registry'

/** Models that have series of their own; the ledger holds whatever names endpoints report. */
export const MODELS_SHOWN = 30
const REST = 'other'

/**
 * Sums whose models are at most 30 and, for the rest together, "other". Those with most calls are shown when it is first called, and later ones while there is room: a model that is shown stays
 * so, since a counter that changed its series would fall, which Prometheus takes for a restart.
 */
export function createModelBound(): (spend: Sums[]) => Sums[] {
  const shown = new Set<string>()
  return (spend) => {
    for (const model of byCalls(spend)) if (shown.size < MODELS_SHOWN) shown.add(model)
    const rows = new Map<string, Sums>()
    for (const sums of spend) {
      const row = shown.has(sums.model) ? sums : { ...sums, model: REST }
      const key = JSON.stringify([row.bucket, row.role, row.model, row.purpose, row.cause])
      const known = rows.get(key)
      rows.set(key, known === undefined ? row : plus(known, row))
    }
    return [...rows.values()]
  }
}

/** Models, those with most calls first. */
function byCalls(spend: Sums[]): string[] {
  const calls = new Map<string, number>()
  for (const sums of spend) calls.set(sums.model, (calls.get(sums.model) ?? 0) + sums.calls)
  return [...calls].toSorted(([, one], [, other]) => other - one).map(([model]) => model)
}

function plus(one: Sums, other: Sums): Sums {
  return {
    ...one,
    calls: one.calls + other.calls,
    costNano: one.costNano + other.costNano,
    unpriced: one.unpriced + other.unpriced,
    tokens: {
      uncachedInput: one.tokens.uncachedInput + other.tokens.uncachedInput,
      cacheRead: one.tokens.cacheRead + other.tokens.cacheRead,
      cacheWrite: one.tokens.cacheWrite + other.tokens.cacheWrite,
      output: one.tokens.output + other.tokens.output,
    },
  }
}
