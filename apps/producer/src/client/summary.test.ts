import { LATENCY_BOUNDS_MS } from '@toolwright/registry'
import { expect, test } from 'vitest'
import { renderSummary, summaryJson, type RunTotals } from './summary.ts'
import { createTally } from './tally.ts'

const NO_SPREAD = { plusMinusNano: null, observations: 0, covered: 0, uncovered: 0 }

/** Buckets of a tier in which so many lines took at most 1 ms, and one took longer than all bounds. */
function timed(fast: number, slow = 0): number[] {
  return [fast, ...Array<number>(LATENCY_BOUNDS_MS.length - 1).fill(0), slow]
}

function known(nano: number) {
  return { nano, unknown: 0 }
}

function totals(changes: Partial<RunTotals> = {}): RunTotals {
  const tally = createTally()
  tally.answered = 1997
  tally.failed = 3
  tally.tiers.extracted = { lines: 1500, targets: 1500, right: 1500, cost: known(0) }
  tally.tiers.called = { lines: 97, targets: 90, right: 89, cost: known(4_000_000) }
  tally.tiers.direct = { lines: 400, targets: 0, right: 0, cost: known(60_000_000) }
  tally.baseline = { nano: 300_000_000, unknown: 0, assumed: 40 }
  return {
    run: 'r-abcdefghij',
    durationMs: 95_000,
    tally,
    cost: { results: known(64_000_000), makes: known(31_000_000), overhead: known(1_500_000), waste: known(0) },
    budget: { limitNano: null, spentNano: 96_500_000, reservedNano: 0, overrunNano: 0 },
    estimates: {
      spread: { plusMinusNano: 20_000_000, observations: 48, covered: 1_557, uncovered: 40 },
      atLightNano: 30_000_000,
      prices: [{ role: 'strong', price: 'price file 7: big', models: ['big'], isZero: false }],
    },
    latencies: { extracted: timed(0), called: timed(0), direct: timed(0) },
    toolsMade: 12,
    output: 'out.jsonl',
    errors: null,
    ...changes,
  }
}

test('says what a run came to', () => {
  expect(renderSummary(totals())).toBe(`Run r-abcdefghij: 2,000 lines in 1 min 35 s, 1,997 answered, 3 failed, 12 tools made

tier       lines   share           right answers     cost
extracted  1,500  75.1 %  1,500 of 1,500 (100 %)  $0.0000
called        97   4.9 %       89 of 90 (98.9 %)  $0.0040
direct       400  20.0 %              no targets  $0.0600

cost      dollars
results   $0.0640  answers' own model calls
makes     $0.0310  examples, proposals, repairs, checks
overhead  $0.0015  judging which kind a line is
waste     $0.0000  paid replies that nothing used

Spent:    $0.0965
Baseline: $0.3000 (estimate: every answered line by the strong model; assumed from other kinds for 40 lines)
          $0.2800 to $0.3200 (95 % interval, from 48 direct calls; none for 40 lines)
Light:    $0.0300 (estimate: every answered line by the light model; its answers may be worse)
          The run cost more than that
Saved:    $0.2035 (67.8 % of the baseline, estimate)

Prices:   strong: price file 7: big

Results: out.jsonl
Errors:  among the results, with "error" or a status of 400 and above
`)
})

test('says what the run might cost, and what is not settled or was billed beyond what was asked', () => {
  const limited = totals({ budget: { limitNano: 500_000_000, spentNano: 96_500_000, reservedNano: 20_000_000, overrunNano: 3_000_000 } })
  expect(renderSummary(limited)).toContain(`
Limit:    $0.5000 (--max-cost-usd)
Unsettled: up to $0.0200 for calls that were begun and never settled
Overrun:  $0.0030 billed beyond what calls were asked to cost at most
`)
  expect(summaryJson(limited)).toMatchObject({ budget: { limit_usd: '0.5', reserved_usd: '0.02', overrun_usd: '0.003' } })
})

test('says how many lines got the answer to another', () => {
  const several = totals()
  several.tally.duplicates = 1200
  expect(renderSummary(several)).toMatch(
    /12 tools made\nOf these, 1,200 got the answer to an earlier request that is the same, at no cost\n\ntier/,
  )
  expect(summaryJson(several)).toMatchObject({ duplicates: 1200 })
})

function endOf(changes: Partial<RunTotals>): string[] {
  return renderSummary(totals(changes))
    .split('\n')
    .filter((line) => /^(Spent|Baseline|Saved|Lost|Results|Errors)/.test(line))
}

test('a tier that answered nothing has no right answers to tell of', () => {
  const none = totals()
  none.tally.tiers.called = { lines: 0, targets: 0, right: 0, cost: known(0) }
  expect(renderSummary(none)).toMatch(/^called +0 +0 % +– +\$0\.0000$/m)
})

test('calls a loss a loss', () => {
  const lost = totals()
  lost.tally.baseline = { nano: 50_000_000, unknown: 0, assumed: 0 }
  expect(endOf(lost)).toContain('Lost:     $0.0465 more than the baseline (estimate)')
})

test('saves nothing that rests on unknown prices', () => {
  const unknown = totals()
  unknown.cost.makes = { nano: 0, unknown: 4 }
  expect(renderSummary(unknown)).toMatch(/makes +unknown +examples/)
  expect(renderSummary(unknown)).toMatch(/^Unknown: +calls of models without a price.*TOOLWRIGHT_PRICES.*no usage/m)
  expect(endOf(unknown)).toEqual(expect.arrayContaining(['Spent:    at least $0.0655', 'Saved:    unknown']))

  const partly = totals()
  partly.tally.baseline = { nano: 100_000_000, unknown: 900, assumed: 0 }
  expect(endOf(partly)).toContain('Saved:    at least $0.0035 (3.5 % of the baseline, estimate)')
  partly.tally.baseline = { nano: 0, unknown: 1997, assumed: 0 }
  expect(endOf(partly)).toEqual(
    expect.arrayContaining([
      'Baseline: unknown (estimate: every answered line by the strong model; unknown for 1,997 of 1,997 lines)',
      'Saved:    unknown',
    ]),
  )
})

test('says where the results and errors are', () => {
  expect(endOf({ output: null, errors: 'errors.jsonl' })).toEqual(
    expect.arrayContaining(['Results: standard output', 'Errors:  errors.jsonl']),
  )
  const clean = totals()
  clean.tally.failed = 0
  expect(renderSummary(clean)).not.toContain('Errors')
})

const NO_LATENCY = { lines: 0, p50_seconds: null, p95_seconds: null, p99_seconds: null }

test('says how long lines took, from being read to being written, where that was seen', () => {
  const some = totals({ latencies: { extracted: timed(1_500), called: timed(90, 1), direct: timed(0) } })
  const rows = renderSummary(some).split('\n').slice(2, 6)
  expect(rows[0]).toMatch(/ cost +p50 +p95 +p99$/)
  expect(rows[1]).toMatch(/^extracted .* 1 ms +1 ms +1 ms$/)
  expect(rows[2]).toMatch(/^called .* 1 ms +1 ms +over 2 h$/)
  expect(rows[3]).toMatch(/^direct .* – +– +–$/)
  for (const row of rows) expect(row.length).toBeLessThanOrEqual(100)
  expect(summaryJson(some)).toMatchObject({
    latency: {
      extracted: { lines: 1_500, p50_seconds: 0.001, p99_seconds: 0.001 },
      called: { lines: 91, p95_seconds: 0.001, p99_seconds: null },
      direct: NO_LATENCY,
    },
  })
})

test('has an interval only where direct calls tell one, and no light baseline without a price', () => {
  const estimates = { spread: { ...NO_SPREAD, uncovered: 12 }, atLightNano: null, prices: [] }
  const text = renderSummary(totals({ estimates }))
  expect(text).toContain('\n          without an interval: no kind has the two direct calls that one takes\n')
  expect(text).toContain('\nLight:    unknown (every answered line by the light model)\n')
  expect(text).not.toContain('Prices:')
  expect(summaryJson(totals({ estimates }))).toMatchObject({ baseline: { interval: null }, light_baseline: { usd: null } })
  expect(renderSummary(totals({ estimates: { ...estimates, spread: NO_SPREAD } }))).not.toContain('interval')
})

test('a model of one’s own at the price zero costs $0, and saves nothing rather than something unknown', () => {
  const free = totals({
    cost: { results: known(0), makes: known(0), overhead: known(0), waste: known(0) },
    estimates: {
      spread: { plusMinusNano: 0, observations: 20, covered: 1_597, uncovered: 0 },
      atLightNano: 0,
      prices: [
        { role: 'strong', price: 'price file 7: own', models: ['own'], isZero: true },
        { role: 'light', price: 'price file 7: own', models: ['own'], isZero: true },
      ],
    },
  })
  free.tally.baseline = { nano: 0, unknown: 0, assumed: 0 }
  for (const tier of Object.values(free.tally.tiers)) tier.cost = known(0)
  expect(renderSummary(free)).toContain(`
Spent:    $0.0000
Baseline: $0.0000 (estimate: every answered line by the strong model)
          $0.0000 to $0.0000 (95 % interval, from 20 direct calls)
Light:    $0.0000 (estimate: every answered line by the light model; its answers may be worse)
Saved:    $0.0000

Prices:   strong: price file 7: own, which is zero
          light: price file 7: own, which is zero
`)
  expect(renderSummary(free)).not.toContain('unknown')
  expect(summaryJson(free)).toMatchObject({ saved_usd: '0', prices: [{ is_zero: true }, { is_zero: true }] })
})

test('gives programs exact figures', () => {
  expect(summaryJson(totals())).toEqual({
    run: 'r-abcdefghij',
    duration_seconds: 95,
    lines: 2000,
    answered: 1997,
    failed: 3,
    duplicates: 0,
    tools_made: 12,
    tiers: {
      extracted: { lines: 1500, targets: 1500, right: 1500, cost: { usd: '0' } },
      called: { lines: 97, targets: 90, right: 89, cost: { usd: '0.004' } },
      direct: { lines: 400, targets: 0, right: 0, cost: { usd: '0.06' } },
    },
    cost: {
      results: { usd: '0.064' },
      makes: { usd: '0.031' },
      overhead: { usd: '0.0015' },
      waste: { usd: '0' },
      total: { usd: '0.0965' },
    },
    baseline: {
      is_estimate: true,
      usd: '0.3',
      assumed_lines: 40,
      interval: { confidence: 0.95, low_usd: '0.28', high_usd: '0.32', observations: 48, estimated_lines: 1_557, lines_without: 40 },
    },
    light_baseline: { is_estimate: true, usd: '0.03' },
    prices: [{ role: 'strong', price: 'price file 7: big', models: ['big'], is_zero: false }],
    latency: { extracted: NO_LATENCY, called: NO_LATENCY, direct: NO_LATENCY },
    budget: { limit_usd: null, reserved_usd: '0', overrun_usd: '0' },
    saved_usd: '0.2035',
    output: 'out.jsonl',
    errors: null,
  })
  const unknown = totals()
  unknown.cost.makes = { nano: 5, unknown: 4 }
  expect(summaryJson(unknown)).toMatchObject({
    cost: { makes: { usd: null, known_usd: '0.000000005', unknown_parts: 4 }, total: { usd: null } },
    saved_usd: null,
  })
})
