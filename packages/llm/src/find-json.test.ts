import { expect, test } from 'vitest'
import { findJson } from './find-json.ts'

test.each([
  ['bare', ' {"a": 1}\n', '{"a": 1}'],
  ['in a fence', 'Here:\n```json\n{"a": [1, 2]}\n```', '{"a": [1, 2]}'],
  ['in the last fence that is JSON', '```json\n{"draft": 1}\n```\nthen\n```\n{"a": 1}\n```\n```py\nx\n```', '{"a": 1}'],
  ['in prose', 'I choose {x}, so: {"a": "}{"} and [this] is it.', '{"a": "}{"}'],
  ['after thinking aloud', '<think>{"a": 0}?</think>{"a": 1}', '{"a": 1}'],
  ['on one fenced line', '```{"a": 1}```', '{"a": 1}'],
  ['after a lone brace', 'if { then "x: {"a": "\\"}"}', '{"a": "\\"}"}'],
  ['an array where there is no object', 'the list is [1, [2]].', '[1, [2]]'],
  ['big numbers untouched', '{"n": 12345678901234567890.10}', '{"n": 12345678901234567890.10}'],
])('finds it %s', (_, reply, text) => {
  expect(findJson(reply)).toEqual({ text, value: JSON.parse(text) })
})

test.each(['', 'no', '42', '"a"', '{"a": 1', "{'a': 1}", '{"a": NaN}'])('finds nothing in %j', (reply) => {
  expect(findJson(reply)).toBeUndefined()
})

test('does not take long over a reply of nothing but brackets', () => {
  const startedAt = performance.now()
  expect(findJson('{['.repeat(50_000))).toBeUndefined()
  expect(performance.now() - startedAt).toBeLessThan(3000)
})
