import { expect, test } from 'vitest'
import { renderSummary, summaryJson, type RunTotals } from './summary.ts'
import { createTally } from './tally.ts'

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
Saved:    $0.2035 (67.8 % of the baseline, estimate)

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
    baseline: { is_estimate: true, usd: '0.3', assumed_lines: 40 },
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
