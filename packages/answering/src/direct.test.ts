import { normalAnswer } from '@toolwright/contracts'
import type { ModelCall } from '@toolwright/llm'
import { scriptedModel } from '@toolwright/llm/testing'
import { expect, test } from 'vitest'
import { answerDirectly, sameAnswer, sampleAnswer } from './direct.ts'
import type { Payer, Payment } from './payer.ts'

const never = new AbortController().signal
const line = { seq: 7, text: 'How many?' }
const payment = { run: 'r-aaaaaaaaaa', kind: null }

/** A payer that pays for nothing, and writes down what for. */
function openPayer() {
  const paid: { payment: Payment; call: ModelCall }[] = []
  const model = scriptedModel(() => '42')
  const payer: Payer = {
    models: { strong: model, light: model },
    pay: async (what, call, signal) => {
      paid.push({ payment: what, call })
      return { ...(await model.complete(call, signal)), v: 1, completion: null }
    },
  }
  return { payer, paid }
}

test('an answer is paid for as one, at temperature 0', async () => {
  const { payer, paid } = openPayer()
  expect((await answerDirectly(payer, payment, line, null, never)).text).toBe('42')
  expect(paid[0]?.payment).toEqual({ ...payment, role: 'strong', purpose: 'answer', field: '7:answer', text: 'How many?' })
  expect(paid[0]?.call).toMatchObject({ temperature: 0 })
  expect(paid[0]?.call.seed).toBeUndefined()
})

test('further samples are labels: free to differ, each with a seed and a field of its own, in the same words', async () => {
  const { payer, paid } = openPayer()
  await answerDirectly(payer, payment, line, null, never)
  for (const sample of [1, 2]) await sampleAnswer(payer, payment, line, null, sample, never)
  expect(paid.map((one) => [one.payment.purpose, one.payment.field, one.call.temperature, one.call.seed])).toEqual([
    ['answer', '7:answer', 0, undefined],
    ['label', '7:label:1', 0.7, 1],
    ['label', '7:label:2', 0.7, 2],
  ])
  expect(paid[1]?.call.messages).toEqual(paid[0]?.call.messages)
})

test('samples of a request with a frame keep the frame, and change nothing but seed and temperature', async () => {
  const { payer, paid } = openPayer()
  const frame = { messages: [{ role: 'system', content: 'Be brief.' }], stop: ['\n'] }
  await answerDirectly(payer, payment, line, frame, never)
  await sampleAnswer(payer, payment, line, frame, 1, never)
  expect(paid[1]?.call.body).toEqual({ ...paid[0]?.call.body, temperature: 0.7, seed: 1 })
})

test.each([
  ['42', ' 42\n', true],
  ['caf\u00E9', 'cafe\u0301', true],
  ['a  b', 'a b', false],
  ['No', 'no', false],
  ['1.0', '1', false],
])('%j and %j are the same answer: %s', (one, other, same) => {
  expect(sameAnswer(one, other)).toBe(same)
  expect(normalAnswer(one) === normalAnswer(other)).toBe(same)
})
