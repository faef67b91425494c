import { expect, test } from 'vitest'
import type { Result, Sample } from './samples.ts'
import { verdictOf, type Wrongness } from './verdict.ts'

const wrongness: Wrongness = { answer: () => 0.2, call: () => 0.02, judge: () => 0.01 }

/** `right` of `count` requests of one family are answered rightly, in one tier. */
function answered(
  tier: 'extracted' | 'called' | 'direct',
  right: number,
  count: number,
  { sameText = false } = {},
): { samples: Sample[]; results: Result[] } {
  const samples = Array.from({ length: count }, (_, at) => ({
    id: `r${at}`,
    family: 'dyck',
    text: sameText ? 'the same' : `text ${at}`,
    target: 'yes',
  }))
  const results = samples.map(({ id }, at) => ({
    id,
    tier,
    kind: 'k-dyck-000000',
    version: 1,
    decidedBy: 'template',
    answer: at < right ? 'yes' : 'no',
    costNano: 0,
    baselineNano: 1,
    promptTokens: 0,
    outputTokens: 0,
  }))
  return { samples, results }
}

function unmet({ samples, results }: { samples: Sample[]; results: Result[] }): string[] {
  return verdictOf(samples, results, wrongness)
    .filter(({ isMet }) => !isMet)
    .map(({ says }) => says.split(' ')[0]!)
}

test('one wrong extracted answer fails it, and is named', () => {
  expect(unmet(answered('extracted', 100, 100))).toEqual([])
  const { samples, results } = answered('extracted', 99, 100)
  const check = verdictOf(samples, results, wrongness).find(({ isMet }) => !isMet)
  expect(check).toMatchObject({ says: 'extracted answers are all right (99 of 100)' })
  expect(check?.problems[0]).toContain('r99 (dyck, by k-dyck-000000@1)')
})

// At 0.2 the middle 99.9 % of 100 draws has 67 to 92 right.
test.each([
  [80, []],
  [67, []],
  [92, []],
  [65, ['direct']],
  [94, ['direct']],
])('%i of 100 direct answers right', (right, failing) => expect(unmet(answered('direct', right, 100))).toEqual(failing))

test.each([
  // Alone it would fail; one of twenty families comes out like this by chance too often to mean anything.
  [66, []],
  [57, ['direct']],
])('%i of 100 direct answers right in one of 20 families', (right, failing) => {
  const parts = Array.from({ length: 20 }, (_, family) => {
    const { samples, results } = answered('direct', family === 0 ? right : 80, 100)
    const idOf = (id: string) => `${family}-${id}`
    return {
      samples: samples.map((sample) => ({ ...sample, id: idOf(sample.id), family: `family ${family}` })),
      results: results.map((result) => ({ ...result, id: idOf(result.id) })),
    }
  })
  expect(unmet({ samples: parts.flatMap(({ samples }) => samples), results: parts.flatMap(({ results }) => results) })).toEqual(failing)
})

test('called answers may be better than set, not worse', () => {
  expect(unmet(answered('called', 100, 100))).toEqual([])
  expect(unmet(answered('called', 92, 100))).toEqual([])
  expect(unmet(answered('called', 85, 100))).toEqual(['called'])
})

test('the same text again is no further draw', () => {
  expect(unmet(answered('direct', 0, 100))).toEqual(['direct'])
  expect(unmet(answered('direct', 0, 100, { sameText: true }))).toEqual([])
})

test('a missing, a repeated and a failed result each fail it', () => {
  const { samples, results } = answered('extracted', 10, 10)
  expect(unmet({ samples, results: results.slice(1) })).toEqual(['every'])
  expect(unmet({ samples, results: [...results, results[0]!] })).toEqual(['every'])
  expect(unmet({ samples, results: [{ ...results[0]!, id: 'r99' }, ...results] })).toEqual(['every'])
  expect(unmet({ samples, results: results.map((one, at) => (at === 0 ? { ...one, tier: null, answer: null } : one)) })).toEqual(['no'])
})

test('families without a right answer are not judged', () => {
  const { samples, results } = answered('extracted', 0, 10)
  expect(unmet({ samples: samples.map((sample) => ({ ...sample, target: null })), results })).toEqual([])
})
