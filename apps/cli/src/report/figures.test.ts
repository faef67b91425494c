import type { LedgerEntry } from '@toolwright/contracts'
import { expect, test } from 'vitest'
import { besideLight, breakEvenOf, netOf, ownNano } from '../break-even.ts'
import { figuresOf } from './figures.ts'
import type { ResultLine } from './result-lines.ts'

const WINNER = 'k-winner-aaaaaa'
const LOSER = 'k-loser-bbbbbb'
const BEGIN = Date.UTC(2026, 10, 21)

function bill(more: Partial<LedgerEntry>): LedgerEntry {
  return {
    v: 1,
    run: 'r-aaaaaaaaaa',
    kind: WINNER,
    role: 'strong',
    model: 'big',
    purpose: 'propose',
    cause: 'normal',
    bucket: 'makes',
    tokens: { uncachedInput: 1, cacheRead: 0, cacheWrite: 0, output: 1 },
    costNano: 1_000,
    price: 'test@1',
    at: BEGIN,
    ...more,
  }
}

function answer(more: Partial<ResultLine> = {}): ResultLine {
  return {
    customId: 'one',
    kind: WINNER,
    tier: 'extracted',
    version: 1,
    costNano: 0,
    baselineNano: 300,
    basis: 'measured',
    isRight: null,
    isDuplicate: false,
    writtenAt: BEGIN,
    failure: null,
    ...more,
  }
}

async function* each<T>(...values: T[]): AsyncGenerator<T> {
  yield* values
}

async function kindOf(id: string, ledger: LedgerEntry[], lines: ResultLine[]) {
  const { kinds } = await figuresOf(each(...ledger), each(...lines))
  return kinds.find((kind) => kind.id === id)!
}

test('a tool has paid after the uses that saved what its makes cost, the failed ones among them', async () => {
  const kind = await kindOf(WINNER, [bill({ costNano: 400 }), bill({ costNano: 600 }), bill({ kind: LOSER })], Array(5).fill(answer()))
  expect(breakEvenOf(kind)).toEqual({ status: 'paid', after: 4, earnedNano: 500 })
  expect(kind.netCurve.points()).toEqual([-1000, -700, -400, -100, 200, 500].map((net, use) => [use, net]))
})

test('a tool that has not paid says by how much, and after how many more uses it would have', async () => {
  const called = answer({ kind: LOSER, tier: 'called', costNano: 100 })
  const kind = await kindOf(LOSER, [bill({ kind: LOSER })], [called, called, answer({ kind: LOSER, tier: 'direct' })])
  expect(breakEvenOf(kind)).toEqual({ status: 'not yet', missingNano: 600, moreUses: 3 })
  expect(netOf(kind)).toBe(-600)
})

test('a tool whose uses cost more than the baseline loses more than its make, however often it is used', async () => {
  const kind = await kindOf(LOSER, [bill({ kind: LOSER })], [answer({ kind: LOSER, tier: 'called', costNano: 350 })])
  expect(breakEvenOf(kind)).toEqual({ status: 'not yet', missingNano: 1_050, moreUses: null })
})

test('a tool that had paid and fell back has not paid', async () => {
  const dear = answer({ tier: 'called', costNano: 900 })
  const kind = await kindOf(WINNER, [bill({ costNano: 250 })], [answer(), dear])
  expect(breakEvenOf(kind)).toMatchObject({ status: 'not yet', missingNano: 550 })
})

test('makes that gave no tool are lost, and a tool that an earlier run paid for has nothing to earn back', async () => {
  expect(breakEvenOf(await kindOf(LOSER, [bill({ kind: LOSER })], []))).toEqual({ status: 'never used', lostNano: 1_000 })
  expect(breakEvenOf(await kindOf(WINNER, [], [answer()]))).toEqual({ status: 'made before', savedNano: 300 })
})

test('an unknown price is unknown in every sum that it is part of, and never nothing', async () => {
  const ledger = [bill({ costNano: null }), bill({ bucket: 'results', purpose: 'answer', costNano: 70 })]
  const figures = await figuresOf(each(...ledger), each(answer(), answer({ baselineNano: null, basis: 'unknown' })))
  expect(figures.spent).toEqual({ nano: 70, unknown: 1, calls: 2 })
  expect(figures.totals.baseline).toEqual({ nano: 300, unknown: 1, assumed: 0 })
  expect(figures.kinds[0]).toMatchObject({ makes: { nano: 0, unknown: 1 }, saved: { nano: 300, unknown: 1 } })
  expect(breakEvenOf(figures.kinds[0]!)).toEqual({ status: 'unknown' })
  const uses = await kindOf(WINNER, [bill({})], [answer({ baselineNano: null, basis: 'unknown' })])
  expect(breakEvenOf(uses)).toEqual({ status: 'unknown' })
})

test('failed requests are counted by cause, and have neither tier nor baseline', async () => {
  const failed = (cause: string, customId: string) =>
    answer({ tier: null, version: null, customId, failure: { cause, message: `of ${customId}` } })
  const figures = await figuresOf(each(), each(failed('bad_line', 'a'), answer(), failed('slow (504)', 'b'), failed('slow (504)', 'c')))
  expect(figures.failures).toEqual([
    { cause: 'slow (504)', requests: 2, example: { customId: 'b', message: 'of b' } },
    { cause: 'bad_line', requests: 1, example: { customId: 'a', message: 'of a' } },
  ])
  expect(figures.totals).toMatchObject({ answered: 1, failed: 3, baseline: { nano: 300 } })
})

test('a copy of an answer saves its baseline, but is no use of the tool', async () => {
  const figures = await figuresOf(each(bill({})), each(answer(), answer({ isDuplicate: true })))
  expect(figures.totals).toMatchObject({ answered: 2, duplicates: 1, baseline: { nano: 600 } })
  expect(figures.kinds[0]).toMatchObject({ uses: 1, saved: { nano: 300 } })
})

test('cost is drawn over the time of its bills, the baseline over that at which answers were written', async () => {
  const lines = [answer({ writtenAt: null }), answer({ writtenAt: BEGIN + 2_000 }), answer({ writtenAt: null })]
  const figures = await figuresOf(each(bill({}), bill({ at: BEGIN + 500 })), each(...lines))
  expect(figures.spentCurve).toEqual([
    [BEGIN, 1_000],
    [BEGIN + 500, 2_000],
  ])
  expect(figures.baselineCurve).toEqual([
    [BEGIN + 2_000, 600],
    [BEGIN + 2_000, 900],
  ])
})

test('a baseline is an estimate where no direct call of its own answered a request', async () => {
  const direct = answer({ tier: 'direct' })
  const assumed = answer({ basis: 'assumed' })
  const nowhere = answer({ kind: null, basis: 'assumed' })
  const figures = await figuresOf(
    each(),
    each(answer(), assumed, direct, { ...direct, isDuplicate: true }, nowhere, { ...nowhere, tier: 'direct' }),
  )
  expect(figures.kinds[0]).toMatchObject({ answered: 4, measured: 2, assumed: 1 })
  expect(figures.withoutKind).toEqual({ answered: 2, assumed: 1 })
})

test('prices are named, and those that are zero called so', async () => {
  const figures = await figuresOf(each(bill({}), bill({ price: 'own', costNano: 0 }), bill({ price: 'unknown', costNano: null })), each())
  expect(figures.prices).toEqual([
    { price: 'test@1', isZero: false },
    { price: 'own', isZero: true },
    { price: 'unknown', isZero: false },
  ])
})

test('a tool that was made for nothing has nothing to earn back', async () => {
  const kind = await kindOf(WINNER, [bill({ costNano: 0 })], [answer({ baselineNano: 0 })])
  expect(breakEvenOf(kind)).toEqual({ status: 'free', savedNano: 0 })
})

test('a use costs its own calls and its share of the makes, which may be dearer than the light model', async () => {
  const called = answer({ tier: 'called', costNano: 100 })
  const kind = await kindOf(WINNER, [bill({ costNano: 500 })], [called, called, answer({ tier: 'direct', costNano: 9_000 })])
  expect(ownNano(kind)).toBe(350)
  expect([besideLight(kind, 349), besideLight(kind, 350), besideLight(kind, null)]).toEqual(['dearer', 'not dearer', 'unknown'])
  expect(ownNano(await kindOf(WINNER, [bill({ costNano: null })], [called]))).toBe(null)
  expect(ownNano(await kindOf(WINNER, [bill({})], []))).toBe(null)
})

test('lines that are no results are counted apart', async () => {
  const figures = await figuresOf(each(), each<ResultLine | null>(null, answer()))
  expect(figures).toMatchObject({ unreadable: 1, totals: { answered: 1 } })
})
