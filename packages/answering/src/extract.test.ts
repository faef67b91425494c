import type { Outcome } from '@toolwright/contracts'
import { describe, expect, test } from 'vitest'
import { readExtracted, readSolved } from './extract.ts'

const tool = {
  schema: { type: 'object', properties: { count: { type: 'integer' } }, required: ['count'], additionalProperties: false },
}

function ok(result: string | null, args: string | null): Outcome {
  return { status: 'ok', result, arguments: args, stdout: '', stderr: '' }
}

function raised(where: 'extract' | 'solve'): Outcome {
  return { status: 'raised', in: where, arguments: null, message: 'ValueError: no', stdout: '', stderr: '' }
}

const BROKEN: Outcome[] = [
  { status: 'timed-out', message: 'm' },
  { status: 'out-of-memory', message: 'm' },
  { status: 'output-too-large', message: 'm' },
  { status: 'bad-result', message: 'm', stdout: '', stderr: '' },
  { status: 'bad-source', message: 'm', stdout: '', stderr: '' },
  { status: 'crashed', message: 'm' },
]

describe('what became of extract and solve', () => {
  test('is an answer, exactly as solve gave it', () => {
    expect(readExtracted(tool, ok(' a\n', '{"count": 1}'))).toEqual({ status: 'answered', answer: ' a\n', arguments: '{"count": 1}' })
  })

  test.each([
    ['extract returned None', { status: 'refused', stdout: '', stderr: '' } satisfies Outcome, 'extract returned None'],
    ['extract raised', raised('extract'), 'ValueError: no'],
    ['the arguments do not fit the schema', ok('a', '{"count": "1"}'), 'do not fit the schema'],
    ['a number cannot be read exactly', ok('a', '{"count": 11111111111111111111}'), 'too long'],
  ])('is a refusal when %s', (_what, outcome, why) => {
    const read = readExtracted(tool, outcome)
    expect(read.status).toBe('refused')
    expect(read.status === 'refused' ? read.why : '').toContain(why)
  })

  test.each([
    ['solve raised', raised('solve')],
    ['the answer is empty', ok(' \n', '{"count": 1}')],
    ['there is no result', ok(null, '{"count": 1}')],
    ['there are no arguments', ok('a', null)],
    ...BROKEN.map((outcome): [string, Outcome] => [`the call ${outcome.status}`, outcome]),
  ])('is a failure when %s', (_what, outcome) => {
    expect(readExtracted(tool, outcome).status).toBe('failed')
  })
})

describe('what became of solve', () => {
  test('is an answer, exactly as solve gave it', () => {
    expect(readSolved(ok('a ', null))).toEqual({ status: 'answered', answer: 'a ' })
  })

  test.each([ok('', null), ok(null, null), raised('solve'), { status: 'refused' as const, stdout: '', stderr: '' }, ...BROKEN])(
    'is a failure: %o',
    (outcome) => {
      expect(readSolved(outcome).status).toBe('failed')
    },
  )
})
