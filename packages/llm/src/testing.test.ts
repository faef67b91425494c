import { expect, test } from 'vitest'
import { scriptedModel } from './testing.ts'

const call = { messages: [{ role: 'user' as const, content: 'hi' }], maxTokens: 5 }

test('says what it is told, in order, and keeps the calls', async () => {
  const model = scriptedModel(['one', { text: 'two', finish: 'length' }, new Error('three')])
  expect((await model.complete(call)).text).toBe('one')
  expect(await model.complete(call)).toMatchObject({ text: 'two', finish: 'length', costNano: null })
  await expect(model.complete(call)).rejects.toThrow('three')
  await expect(model.complete(call)).rejects.toThrow('the script has no reply for call 4')
  expect(model.calls).toHaveLength(4)
})

test('answers by a function and reads JSON as the real one does', async () => {
  const model = scriptedModel(({ messages }) => `so: {"n": ${messages.length}}`, { role: 'light' })
  const reply = await model.complete({ ...call, schema: { name: 'x', schema: {} } })
  expect(reply).toMatchObject({ value: { n: 1 }, valueText: '{"n": 1}' })
  expect(model.endpoint.role).toBe('light')
  expect(model.bound(call).tokens.output).toBe(5)
})
