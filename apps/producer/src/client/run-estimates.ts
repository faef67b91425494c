import { baselineSpread, type BaselineSpread, lightAnswerNano, type PriceUsed, type Registry, type Sums } from '@toolwright/registry'
import type { Tally } from './tally.ts'

/** What a run's figures rest on, and what they are held against. Money in nano-dollars. */
export interface RunEstimates {
  /** How far the baseline may be off. */
  spread: BaselineSpread
  /** What all answered requests would have cost at the light model directly: an estimate; null where it is not known. */
  atLightNano: number | null
  prices: UsedPrice[]
}

/** A price that calls of a role were booked by. `isZero`: it says that they cost nothing. */
export interface UsedPrice {
  role: PriceUsed['role']
  price: string
  models: string[]
  isZero: boolean
}

/** Estimates for what has been answered so far. Kinds that are gone tell nothing any more. */
export async function estimateRun(money: Registry['money'], run: string, { kinds }: Tally): Promise<RunEstimates> {
  const all = await money.ofKind(null)
  const known = await Promise.all(
    Object.entries(kinds).map(async ([kind, [lines, measured, assumed]]) => {
      return { lines, measured, assumed, money: kind === '' ? null : await money.ofKind(kind) }
    }),
  )
  const atLight = known.map(({ lines, money: own }) => {
    const each = lightAnswerNano(own, all)
    return each === null ? null : Math.round(lines * each)
  })
  return {
    spread: baselineSpread(known),
    atLightNano: atLight.reduce((sum, one) => (sum === null || one === null ? null : sum + one), 0),
    prices: usedPrices(await money.prices(run), await money.sums(run)),
  }
}

function usedPrices(used: readonly PriceUsed[], sums: readonly Sums[]): UsedPrice[] {
  const prices = new Map<string, UsedPrice>()
  for (const { role, model, price } of used) {
    const name = `${role} ${price}`
    const one = prices.get(name) ?? { role, price, models: [], isZero: false }
    prices.set(name, one)
    one.models.push(model)
  }
  for (const one of prices.values()) {
    const rows = sums.filter(({ role, model }) => role === one.role && one.models.includes(model))
    one.isZero = !one.price.startsWith('unknown') && rows.every(({ costNano }) => costNano === 0)
  }
  return [...prices.values()].toSorted((a, b) => (a.role === b.role ? 0 : a.role === 'strong' ? -1 : 1))
}
