import type { KindMoney } from '@toolwright/registry'
import { expect, test } from 'vitest'
import { breakEvenOf, netOf, verdictOf } from './break-even.ts'
import { earningsOf, type Economy, economyFacts, economyJson, shownBesideLight, shownBreakEven, shownMakes } from './tool-economy.ts'

function paid(makes: number, uses: Partial<KindMoney['uses']>, calls = 4): KindMoney {
  return {
    direct: { calls: 0, costNano: 0, unpriced: 0, promptTokens: 0, outputTokens: 0, textBytes: 0 },
    squares: { calls: 0, sum: 0 },
    atLight: { calls: 0, costNano: 0 },
    makes: { calls, costNano: makes, unpriced: 0 },
    uses: { count: 0, priced: uses.count ?? 0, costNano: 0, savedNano: 0, ...uses },
  }
}

function economy(money: KindMoney, more: Partial<Economy> = {}): Economy {
  return { ...earningsOf(money), direct: null, lightNano: null, ...more }
}

test('over all runs a tool has paid once its uses saved what its makes cost, after as many as that takes on average', () => {
  expect(breakEvenOf(earningsOf(paid(1_000, { count: 10, savedNano: 3_000 })))).toEqual({ status: 'paid', after: 4, earnedNano: 2_000 })
  expect(breakEvenOf(earningsOf(paid(1_000, { count: 10, savedNano: 900 })))).toEqual({ status: 'not yet', missingNano: 100, moreUses: 2 })
  expect(breakEvenOf(earningsOf(paid(1_000, { count: 10, savedNano: -900 })))).toEqual({
    status: 'not yet',
    missingNano: 1_900,
    moreUses: null,
  })
  expect(breakEvenOf(earningsOf(paid(1_000, {})))).toEqual({ status: 'never used', lostNano: 1_000 })
  expect(breakEvenOf(earningsOf(paid(0, { count: 2, savedNano: 0 })))).toEqual({ status: 'free', savedNano: 0 })
  expect(breakEvenOf(earningsOf(paid(0, { count: 2, savedNano: 50 }, 0)))).toEqual({ status: 'made before', savedNano: 50 })
})

test('uses, and what they saved, agree with the verdict whatever the numbers are', () => {
  let state = 31_337
  const next = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below
  for (let round = 0; round < 2_000; round++) {
    const makes = 1 + next(100_000)
    const count = next(200)
    const savedNano = count === 0 ? 0 : next(200_000) - 50_000
    const earnings = earningsOf(paid(makes, { count, savedNano }))
    const found = breakEvenOf(earnings)
    expect(netOf(earnings)).toBe(savedNano - makes)
    expect(found.status === 'paid').toBe(count > 0 && savedNano >= makes)
    // After how many uses in all it has paid, or would have.
    const after =
      found.status === 'paid' ? found.after : found.status === 'not yet' && found.moreUses !== null ? count + found.moreUses : null
    expect(after !== null).toBe(count > 0 && savedNano > 0)
    const perUse = savedNano / count
    expect(after === null || (after * perUse >= makes - 1e-6 && (after - 1) * perUse < makes)).toBe(true)
    expect(found.status !== 'paid' || found.after <= count).toBe(true)
  }
})

test('an unknown price is unknown, and never nothing', () => {
  const unpriced = paid(1_000, { count: 3, savedNano: 5_000 })
  unpriced.makes.unpriced = 1
  expect(shownMakes(economy(unpriced))).toBe('at least <$0.0001')
  expect(shownBreakEven(economy(unpriced))).toBe('unknown: a price is not known')
  expect(economyJson(economy(unpriced))).toMatchObject({ makes_usd: null, net_usd: null, break_even: { status: 'unknown' } })
  const untold = economy(paid(1_000, { count: 3, priced: 0 }), { lightNano: 10 })
  expect(shownBreakEven(untold)).toBe('unknown: a price is not known')
  expect(shownBesideLight(untold)).toBe('unknown')
})

test('a tool that is dearer than the light model says so, with what both rest on', () => {
  const dear = economy(paid(40_000_000, { count: 10, costNano: 2_000_000, savedNano: 50_000_000 }), {
    lightNano: 4_000_000,
    direct: { nano: 5_200_000, observations: 12, plusMinusNano: 400_000 },
  })
  expect(shownBesideLight(dear)).toBe('dearer ($0.0040)')
  expect(verdictOf(dear, '')).toMatchObject({ style: 'gain', short: 'paid after 8 uses' })
  const facts = Object.fromEntries(economyFacts(dear))
  expect(facts['light']).toMatch(
    /^\$0\.0040 a request .*its answers may be worse\); a use, makes included, costs \$0\.0042: dearer than that$/,
  )
  expect(facts['baseline']).toBe(
    '$0.0052 a request by the strong model (estimate: mean of 12 direct calls, 95 % interval $0.0048 to $0.0056)',
  )
  expect(economyJson(dear)).toMatchObject({
    makes_usd: '0.04',
    saved_per_use_usd: '0.005',
    break_even: { status: 'paid', after_uses: 8, missing_usd: null },
    baseline: { usd: '0.0052', observations: 12, plus_minus_usd: '0.0004' },
    light_baseline: { usd: '0.004', use_with_makes_usd: '0.0042', tool_is: 'dearer' },
  })
  expect(shownBesideLight({ ...dear, lightNano: 4_200_000 })).toBe('not dearer ($0.0042)')
})
