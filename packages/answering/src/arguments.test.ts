import { describe, expect, test } from 'vitest'
import { checkArguments, verbatimParameters } from './arguments.ts'

const schema = {
  type: 'object',
  properties: {
    words: { type: 'array', items: { type: 'string' } },
    count: { type: 'integer' },
    rate: { type: 'number' },
    order: { type: 'string', enum: ['up', 'down'] },
  },
  required: ['words', 'count', 'rate', 'order'],
  additionalProperties: false,
}

function check(count: string, rate = '0.5', more = '') {
  return checkArguments(schema, `{"words": ["a"], "count": ${count}, "rate": ${rate}, "order": "up"${more}}`)
}

describe('checking arguments', () => {
  test('gives their values', () => {
    expect(check('3')).toMatchObject({ ok: true, values: { words: ['a'], count: 3, rate: 0.5, order: 'up' } })
  })

  test('gives their text as it was, but for integers that were written with a fraction', () => {
    expect(check('3', '1.0')).toMatchObject({ text: '{"words": ["a"], "count": 3, "rate": 1.0, "order": "up"}' })
    expect(check('3.0', '1.0')).toMatchObject({ text: '{"words": ["a"], "count": 3, "rate": 1.0, "order": "up"}' })
    expect(check('1e20').ok).toBe(false)
    expect(check('3.00000000000000000001').ok).toBe(false)
  })

  test.each([
    ['9007199254740991', true],
    ['9007199254740993', false],
    ['-9007199254740992', false],
    ['12345678901234567890', false],
  ])('takes the whole number %s: %s', (count, isTaken) => {
    expect(check(count).ok).toBe(isTaken)
  })

  test.each([
    ['0.1', true],
    ['1e3', true],
    ['123456789.123456', true],
    ['0.000000000000001', true],
    ['1.2345678901234567', false],
    ['1e400', false],
  ])('takes the number %s: %s', (rate, isTaken) => {
    expect(check('1', rate).ok).toBe(isTaken)
  })

  test('says which number is too long, wherever it stands', () => {
    const nested = { type: 'object', properties: { rows: { type: 'array', items: { type: 'integer' } } } }
    expect(checkArguments(nested, '{"rows": [1, 11111111111111111111]}')).toEqual({
      ok: false,
      problem: 'the number 11111111111111111111 is too long to be read exactly',
    })
  })

  test.each([
    ['not JSON', '{"words":', 'the arguments are not JSON'],
    ['a list', '[1]', 'the arguments are not a JSON object'],
    ['null', 'null', 'the arguments are not a JSON object'],
    ['a missing parameter', '{"words": [], "count": 1, "rate": 1}', 'the arguments do not fit the schema'],
    ['a wrong type', '{"words": "a", "count": 1, "rate": 1, "order": "up"}', 'words'],
    ['a value that is not listed', '{"words": [], "count": 1, "rate": 1, "order": "left"}', 'order'],
    ['a fraction for a whole number', '{"words": [], "count": 1.5, "rate": 1, "order": "up"}', 'count'],
    ['a parameter too many', '{"words": [], "count": 1, "rate": 1, "order": "up", "more": 1}', 'more'],
  ])('refuses %s', (_what, text, problem) => {
    const checked = checkArguments(schema, text)
    expect(checked.ok ? '' : checked.problem).toContain(problem)
  })
})

describe('verbatim parameters', () => {
  const text = 'Sort the words: pear, Apple; 3 times at 1.5 %'
  test.each([
    ['a text that stands there', 'Apple', true],
    ['a text in another case', 'apple', false],
    ['an empty text', '', false],
    ['a number', 1.5, true],
    ['a number that does not stand there', 4, false],
    ['a list of which all stand there', ['pear', 'Apple'], true],
    ['a list with one that does not', ['pear', 'fig'], false],
    ['an empty list', [], false],
    ['an object', { word: 'pear' }, false],
    ['a truth value', true, false],
  ])('%s: %o %s', (_what, value, isVerbatim) => {
    expect(verbatimParameters({ parameter: value }, text)).toEqual(isVerbatim ? ['parameter'] : [])
  })
})
