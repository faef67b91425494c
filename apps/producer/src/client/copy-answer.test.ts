import type { Line, LineResult } from '@toolwright/contracts'
import { expect, test } from 'vitest'
import { copyAnswer } from './copy-answer.ts'
import { outputLine } from './output-line.ts'

const RUN = 'r-abcdefghij'
const answered: LineResult & { status: 'answered' } = {
  status: 'answered',
  seq: 4,
  customId: 'first',
  kind: 'k-sort-0a1b2c',
  kindName: 'sort',
  decidedBy: 'name',
  costNano: 700,
  baseline: { costNano: 12_345, basis: 'assumed' },
  tier: 'called',
  tool: 'k-sort-0a1b2c@2',
  version: 2,
  model: 'small',
  answer: 'a b',
  completion: null,
  usage: { prompt_tokens: 20, completion_tokens: 3, total_tokens: 23 },
  correct: true,
}
const line: Line = { seq: 9, customId: 'second', text: 'Sort: b a', frame: '', hop: 0, kindName: 'sort' }

function copyOf(result: LineResult, of = line): LineResult {
  return copyAnswer(JSON.stringify(outputLine(result, RUN, 1_790_000_000)), of)
}

test('a copy is the same answer under an id of its own, for nothing, at the same baseline', () => {
  const nothing = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
  expect(copyOf(answered)).toEqual({
    ...answered,
    seq: 9,
    customId: 'second',
    costNano: 0,
    usage: nothing,
    correct: null,
    duplicateOf: 'first',
  })
  const shown = outputLine(copyOf(answered), RUN, 1_790_000_000)
  expect(shown).toMatchObject({
    custom_id: 'second',
    response: { request_id: `${RUN}-9`, body: { id: `chatcmpl-${RUN}-9`, model: 'small', usage: nothing } },
  })
  expect(shown.toolwright).toMatchObject({ seq: 9, cost_usd: '0', baseline_usd: '0.000012345', duplicate_of: 'first' })
})

test('it is right or wrong by its own target', () => {
  expect(copyOf(answered, { ...line, target: ' a b' })).toMatchObject({ correct: true })
  expect(copyOf(answered, { ...line, target: 'b a' })).toMatchObject({ correct: false })
})

test("a provider's own completion is passed on, but what it used has been counted", () => {
  const completion = {
    id: 'cmpl-1',
    model: 'big',
    choices: [{ message: { content: 'x' } }, { message: { content: 'y' } }],
    usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
  }
  const copy = copyOf({ ...answered, tier: 'direct', tool: null, version: null, model: 'big', answer: 'x', completion })
  expect(copy).toMatchObject({
    model: 'big',
    answer: 'x',
    completion: { ...completion, usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } },
  })
  expect(copyOf({ ...answered, completion: { id: 'cmpl-2', choices: [] } })).toMatchObject({
    answer: '',
    completion: { id: 'cmpl-2', choices: [] },
  })
})

test('a copy of a copy names the request that was answered; an unknown baseline stays unknown', () => {
  expect(copyOf({ ...answered, duplicateOf: 'the very first' })).toMatchObject({ duplicateOf: 'the very first' })
  expect(copyOf({ ...answered, baseline: { costNano: null, basis: 'unknown' } })).toMatchObject({
    baseline: { costNano: null, basis: 'unknown' },
  })
})
