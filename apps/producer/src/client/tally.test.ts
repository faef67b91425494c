import type { LineResult } from '@toolwright/contracts'
import { expect, test } from 'vitest'
import { outputLine } from './output-line.ts'
import { createTally, Tally, tallyAll, tallyMark, tallyResult } from './tally.ts'

const common = { customId: 'x', kind: null, kindName: null, decidedBy: null }
const answer = {
  tool: null,
  version: null,
  model: 'm',
  answer: 'a',
  completion: null,
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
}
const results: LineResult[] = [
  {
    ...common,
    ...answer,
    seq: 0,
    status: 'answered',
    tier: 'extracted',
    costNano: 0,
    baseline: { costNano: 700, basis: 'measured' },
    correct: true,
  },
  {
    ...common,
    ...answer,
    seq: 1,
    status: 'answered',
    tier: 'direct',
    costNano: 900,
    baseline: { costNano: 900, basis: 'assumed' },
    correct: false,
  },
  {
    ...common,
    ...answer,
    seq: 2,
    duplicateOf: 'y',
    status: 'answered',
    tier: 'direct',
    costNano: null,
    baseline: { costNano: null, basis: 'unknown' },
    correct: null,
  },
  {
    ...common,
    seq: 3,
    status: 'failed',
    costNano: 50,
    baseline: { costNano: 800, basis: 'measured' },
    statusCode: 0,
    error: { code: 'x', message: 'y' },
  },
]

test('counts tiers, right answers and what is known of the costs', () => {
  const tally = createTally()
  for (const result of results) tallyResult(tally, result)
  expect(tally).toEqual({
    answered: 3,
    failed: 1,
    duplicates: 1,
    tiers: {
      extracted: { lines: 1, targets: 1, right: 1, cost: { nano: 0, unknown: 0 } },
      called: { lines: 0, targets: 0, right: 0, cost: { nano: 0, unknown: 0 } },
      direct: { lines: 2, targets: 1, right: 0, cost: { nano: 900, unknown: 1 } },
    },
    baseline: { nano: 1600, unknown: 1, assumed: 1 },
    kinds: { '': [3, 1, 0] },
  })
})

test('tells by kind how many baselines are estimates: not those of lines that a direct call of their own answered', () => {
  const tally = createTally()
  const [extracted, direct] = results as [LineResult, LineResult]
  const assumed = { costNano: 5, basis: 'assumed' as const }
  for (const result of [extracted, direct, { ...direct, duplicateOf: 'y' }, { ...extracted, baseline: assumed }])
    tallyResult(tally, { ...result, kind: 'k-sort-1a2b3c' })
  expect(tally.kinds).toEqual({ 'k-sort-1a2b3c': [4, 1, 2] })
})

test('keeps no more kinds apart than a thousand', () => {
  const [tally, other] = [createTally(), createTally()]
  for (let kind = 0; kind < 1_500; kind++) {
    for (const one of [tally, other]) tallyResult(one, { ...results[0]!, kind: `k-${kind}-1a2b3c` })
  }
  tallyAll(tally, other)
  expect(Object.keys(tally.kinds)).toHaveLength(1_001)
  expect(tally.kinds['']).toEqual([1_000, 1_000, 0])
})

test('counts lines found in a file as if their results had just come', () => {
  const [fromResults, fromFile] = [createTally(), createTally()]
  for (const result of results) {
    tallyResult(fromResults, result)
    tallyMark(fromFile, outputLine(result, 'r-abcdefghij', 1).toolwright)
  }
  expect(fromFile).toEqual(fromResults)
})

test('two parts add up to the whole, one of them kept as JSON', () => {
  const [whole, part, rest] = [createTally(), createTally(), createTally()]
  for (const [at, result] of results.entries()) {
    tallyResult(whole, result)
    tallyResult(at % 2 === 0 ? part : rest, result)
  }
  tallyAll(rest, Tally.parse(JSON.parse(JSON.stringify(part))))
  expect(rest).toEqual(whole)
})
