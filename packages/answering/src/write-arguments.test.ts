import { ModelError } from '@toolwright/llm'
import { scriptedModel } from '@toolwright/llm/testing'
import { describe, expect, test } from 'vitest'
import type { Payer } from './payer.ts'
import { type CallPayment, readArguments, writeArguments } from './write-arguments.ts'

const tool = {
  schema: {
    type: 'object',
    properties: { words: { type: 'array', items: { type: 'string' } }, limit: { type: 'number' } },
    required: ['words', 'limit'],
    additionalProperties: false,
  },
  usage: [{ text: 'Sort: d c (at most 2)', arguments: '{"words": ["d", "c"], "limit": 2}' }],
  verbatim: ['words'],
}
const TEXT = 'Sort: b a (at most 1.0)'

/** A payer that pays for nothing, and writes down what for. */
function openPayer(script: Parameters<typeof scriptedModel>[0]) {
  const model = scriptedModel(script, { role: 'light', model: 'small' })
  const fields: string[] = []
  const payer: Payer = {
    models: { strong: model, light: model },
    pay: async (paid, call, signal) => {
      fields.push(`${paid.role} ${paid.field}`)
      return { ...(await model.complete(call, signal)), v: 1, completion: null }
    },
  }
  return { payer, model, fields }
}

describe("reading the tool user's reply", () => {
  test('gives the arguments as JSON text, its numbers as they were written', () => {
    const reply = '{"applies": true, "arguments": {"words": ["b", "a"], "limit": 1.0}}'
    expect(readArguments(tool, TEXT, reply)).toEqual({ status: 'written', arguments: '{"words":["b","a"],"limit":1.0}', reply })
  })

  test('gives an integer where one is asked for, though a number with a fraction was written', () => {
    const counted = { ...tool, schema: { ...tool.schema, properties: { ...tool.schema.properties, limit: { type: 'integer' } } } }
    const reply = '{"applies": true, "arguments": {"words": ["b", "a"], "limit": 1.0}}'
    expect(readArguments(counted, TEXT, reply)).toMatchObject({ status: 'written', arguments: '{"words":["b","a"],"limit":1}' })
  })

  test('finds the object in prose and in a fence', () => {
    const reply = 'Sure!\n```json\n{"applies": true, "arguments": {"words": ["b", "a"], "limit": 1}}\n```\nDone.'
    expect(readArguments(tool, TEXT, reply)).toMatchObject({ status: 'written', arguments: '{"words":["b","a"],"limit":1}' })
  })

  test('takes no for an answer', () => {
    expect(readArguments(tool, TEXT, '{"applies": false, "arguments": null}')).toEqual({ status: 'not-applicable' })
    expect(readArguments(tool, TEXT, '{"applies": false}')).toEqual({ status: 'not-applicable' })
  })

  test.each([
    ['no JSON', 'I cannot do that.', 'holds no JSON object'],
    ['no "applies"', '{"arguments": {}}', 'lacks "applies"'],
    ['no arguments', '{"applies": true, "arguments": null}', '"arguments" is missing'],
    ['an answer that is neither', '{"applies": "yes", "arguments": {}}', '"applies" is not true or false'],
    ['arguments that are text', '{"applies": true, "arguments": "b a"}', '"arguments" is not an object'],
    ['arguments that do not fit', '{"applies": true, "arguments": {"words": ["b"]}}', 'do not fit the schema'],
    ['a list for arguments', '{"applies": true, "arguments": ["b", "a"]}', 'not a JSON object'],
    [
      'a number that cannot be read exactly',
      '{"applies": true, "arguments": {"words": ["b"], "limit": 12345678901234567890}}',
      'too long to be read exactly',
    ],
    [
      'a value that was made up',
      '{"applies": true, "arguments": {"words": ["b", "z"], "limit": 1}}',
      'the value of "words" does not stand in the request',
    ],
  ])('tells what is wrong with %s', (_what, reply, problem) => {
    const read = readArguments(tool, TEXT, reply)
    expect(read).toMatchObject({ status: 'failed', reply })
    expect(read.status === 'failed' ? read.problem : '').toContain(problem)
  })
})

describe('writing arguments', () => {
  const never = new AbortController().signal
  const payment: CallPayment = { run: 'r-aaaaaaaaaa', kind: 'k-sort-1a2b3c', purpose: 'call', field: '7:call' }

  test('asks the light model, and once more with what was wrong', async () => {
    const bad = '{"applies": true, "arguments": {"words": ["b", "z"], "limit": 1}}'
    const { payer, model, fields } = openPayer([bad, '{"applies": true, "arguments": {"words": ["b", "a"], "limit": 1}}'])
    const first = await writeArguments(payer, payment, tool, TEXT, never)
    if (first.status !== 'failed' || first.reply === null) throw new Error('the first turn was to fail')
    const second = await writeArguments(payer, payment, tool, TEXT, never, { reply: first.reply, problem: first.problem })
    expect(second).toMatchObject({ status: 'written', model: 'small' })
    expect(fields).toEqual(['light 7:call:1', 'light 7:call:2'])
    expect(model.calls[1]?.messages.slice(0, 2)).toEqual(model.calls[0]?.messages)
    expect(model.calls[1]?.messages[2]).toEqual({ role: 'assistant', content: bad })
    expect(model.calls[1]?.messages[3]?.content).toContain('the value of "words" does not stand in the request')
  })

  test('says that the tool does not apply', async () => {
    const { payer } = openPayer(['{"applies": false, "arguments": null}'])
    expect(await writeArguments(payer, payment, tool, TEXT, never)).toEqual({ status: 'not-applicable', model: 'small' })
  })

  test('what was cut off and what the endpoint refuses has failed; anything else is thrown', async () => {
    const { payer } = openPayer([
      { text: '{"applies"', finish: 'length' },
      new ModelError('the prompt is too long', 'rejected'),
      new Error('no Redis'),
    ])
    const write = () => writeArguments(payer, payment, tool, TEXT, never)
    expect(await write()).toEqual({ status: 'failed', problem: 'the reply ended early (length)', reply: '{"applies"' })
    expect(await write()).toEqual({ status: 'failed', problem: 'the prompt is too long', reply: null })
    await expect(write()).rejects.toThrow('no Redis')
  })
})
