import { expect, test } from 'vitest'
import { writeIntegers } from './integer-text.ts'

const schema = {
  type: 'object',
  properties: {
    n: { type: 'integer' },
    rate: { type: 'number' },
    note: { type: 'string' },
    limit: { type: ['integer', 'null'] },
    rows: {
      type: 'array',
      items: { type: 'object', properties: { 'a"b': { type: 'integer' }, at: { type: 'array', items: { type: 'integer' } } } },
    },
  },
}

test.each([
  ['a number with a fraction of nothing', '{"n": 1.0}', '{"n": 1}'],
  ['an exponent', '{"n": 1e3}', '{"n": 1000}'],
  ['a negative one', '{"n":-12.00}', '{"n":-12}'],
  ['nothing below zero', '{"n": -0.0}', '{"n": 0}'],
  ['one that may be null', '{"limit": 7.0}', '{"limit": 7}'],
  ['lists in lists, and keys with signs', '{"rows": [{"a\\"b": 2.0, "at": [1.0, 2, 3E0]}]}', '{"rows": [{"a\\"b": 2, "at": [1, 2, 3]}]}'],
  ['a key written with escapes', '{"\\u006e": 5.0}', '{"\\u006e": 5}'],
])('writes as an integer %s', (_what, text, written) => {
  expect(writeIntegers(schema, text)).toBe(written)
})

test.each([
  ['integers', '{ "n" : 1,\n  "limit":null }'],
  ['numbers that are no integers by their schema', '{"rate": 1.0, "n": 3}'],
  ['texts, whatever stands in them', '{"note": "\\"n\\": 1.0, [2.0] \\u00e9\\/", "rate": 1e2}'],
  ['what the schema does not know', '{"more": 1.0, "rows": [{"other": {"n": 1.0}}]}'],
])('leaves byte for byte %s', (_what, text) => {
  expect(writeIntegers(schema, text)).toBe(text)
})
