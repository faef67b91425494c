import { RunSettings } from '@toolwright/contracts'
import { ModelError, type ModelCall } from '@toolwright/llm'
import { scriptedModel, type ScriptedReply } from '@toolwright/llm/testing'
import { openTestRegistry, type TestRegistry } from '@toolwright/registry/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ModelCallEvent, openPayer, type Payer, type Payment } from './payer.ts'

const RUN = 'r-aaaaaaaaaa'
const CALL: ModelCall = { messages: [{ role: 'user', content: 'How many?' }], maxTokens: 10 }
const TOKENS = { uncachedInput: 5, cacheRead: 0, cacheWrite: 0, output: 1 }

let data: TestRegistry
const never = new AbortController().signal
beforeEach(async () => {
  data = openTestRegistry()
  for (const run of [RUN, 'r-bbbbbbbbbb']) await data.registry.runs.open(run, RunSettings.parse({ v: 1 }), '')
})
afterEach(() => data.close())

type Script = ScriptedReply[] | ((call: ModelCall) => ScriptedReply)

/** A worker process: its models, its payer, and what it measured. */
function worker(strongScript: Script, lightScript: Script = []) {
  const strong = scriptedModel(strongScript, { role: 'strong', model: 'big' })
  const light = scriptedModel(lightScript, { role: 'light', model: 'small' })
  const events: ModelCallEvent[] = []
  const payer = openPayer({ registry: data.registry, models: { strong, light }, observe: (event) => void events.push(event) })
  return { strong, light, payer, events }
}

function payment(more: Partial<Payment> = {}): Payment {
  return { run: RUN, field: '1:answer', kind: null, role: 'strong', purpose: 'answer', text: 'How many?', ...more }
}

async function payFor(payer: Payer, more: Partial<Payment> = {}, call = CALL) {
  return await payer.pay(payment(more), call, never)
}

test('pays for a reply once, and finds it kept from then on, in any process', async () => {
  const { payer, strong, events } = worker([{ text: '42', tokens: TOKENS, costNano: 9, price: 'test' }])
  const reply = { v: 1, text: '42', finish: 'stop', model: 'big', tokens: TOKENS, costNano: 9, price: 'test', completion: null }
  expect(await payFor(payer)).toEqual(reply)
  expect(await payFor(payer)).toEqual(reply)
  expect(await payFor(worker([]).payer)).toEqual(reply)
  expect(strong.calls).toEqual([CALL])
  expect(await data.registry.money.ledger(RUN)).toMatchObject([{ costNano: 9, purpose: 'answer', cause: 'normal', bucket: 'results' }])
  expect(events).toMatchObject([{ role: 'strong', purpose: 'answer', model: 'big', outcome: 'ok' }])
})

test('keeps the whole completion where the body of the request was sent on', async () => {
  const { payer } = worker(['42', '43'])
  const body = { messages: [{ role: 'user', content: 'How many?' }], n: 2 }
  const { completion } = await payFor(payer, {}, { ...CALL, body })
  expect(completion).toMatchObject({ object: 'chat.completion', choices: [{ message: { content: '42' } }] })
})

test('two workers at the same call use one reply; what the other paid is waste', async () => {
  const replies = await Promise.all(['one', 'other'].map((text) => payFor(worker([{ text, costNano: 5 }]).payer)))
  expect(new Set(replies.map(({ text }) => text)).size).toBe(1)
  const entries = await data.registry.money.ledger(RUN)
  expect(entries.map(({ bucket }) => bucket).toSorted()).toEqual(['results', 'waste'])
})

test('a limit holds the endpoint for as long as it asked, for every process, and no other endpoint', async () => {
  const limit = new ModelError('too many requests', 'rate-limited', { retryAfterMs: 60_000 })
  const { payer, strong, events } = worker([limit], ['ok'])
  await expect(payFor(payer)).rejects.toMatchObject({ name: 'LaterError', delayMs: 60_000, cause: limit })
  await expect(payFor(payer, { field: '2:answer' })).rejects.toMatchObject({ name: 'LaterError' })
  const other = worker([])
  await expect(payFor(other.payer, { field: '3:answer' })).rejects.toMatchObject({ name: 'LaterError' })
  expect([strong.calls.length, other.strong.calls.length]).toEqual([1, 0])
  expect(await payFor(payer, { role: 'light', purpose: 'call' })).toMatchObject({ text: 'ok' })
  expect(events.map(({ outcome }) => outcome)).toEqual(['rate-limited', 'ok'])
  expect(await data.registry.money.ledger(RUN)).toHaveLength(1)
})

test('an outage without a time holds for a moment, and a success opens the endpoint again', async () => {
  const { payer, strong } = worker([new ModelError('no connection', 'unavailable'), 'back', 'again'])
  await expect(payFor(payer)).rejects.toMatchObject({ name: 'LaterError', delayMs: 500 })
  // The run's client can tell why nothing moves, and whether that is still so.
  const refusal = (await data.registry.runs.refusal(RUN))!
  expect(refusal.message).toBe('no connection')
  expect(await data.registry.endpoints.isHeld(refusal.endpoint)).toBe(true)
  await data.redis.del(`${data.keyPrefix}hold:http://scripted.invalid/v1|big`)
  expect(await payFor(payer)).toMatchObject({ text: 'back' })
  expect(await data.registry.endpoints.isHeld(refusal.endpoint)).toBe(false)
  expect(await payFor(payer, { field: '2:answer' })).toMatchObject({ text: 'again' })
  expect(strong.calls).toHaveLength(3)
  // The call that never reached anybody left no trace: this is the first try.
  expect((await data.registry.money.ledger(RUN)).map(({ cause }) => cause)).toEqual(['normal', 'normal'])
})

test.each(['credentials', 'no-model', 'quota'] as const)('%s halts the run until it is opened again, and no other run', async (kind) => {
  const { payer, strong } = worker([new ModelError('check the key', kind), 'mended', 'other'])
  await expect(payFor(payer)).rejects.toMatchObject({ name: 'LaterError', message: 'check the key' })
  expect(await data.registry.runs.haltReason(RUN)).toBe('check the key')
  await expect(payFor(payer, { field: '2:answer' })).rejects.toMatchObject({
    name: 'LaterError',
    message: 'the run is halted: check the key',
  })
  expect(strong.calls).toHaveLength(1)
  expect(await payFor(payer, { run: 'r-bbbbbbbbbb' })).toMatchObject({ text: 'mended' })
  await data.registry.runs.open(RUN, RunSettings.parse({ v: 1 }), '')
  expect(await payFor(payer)).toMatchObject({ text: 'other' })
})

test('what the endpoint will not take is for the caller to deal with, and halts nothing', async () => {
  const rejected = new ModelError('the prompt is too long', 'rejected', { statusCode: 400 })
  const { payer } = worker([rejected, 'next'])
  await expect(payFor(payer)).rejects.toBe(rejected)
  expect(await data.registry.runs.haltReason(RUN)).toBeNull()
  expect(await data.registry.money.ledger(RUN)).toEqual([])
  expect(await data.redis.hlen(`${data.keyPrefix}run:${RUN}:intents`)).toBe(0)
  expect(await payFor(payer, { field: '2:answer' })).toMatchObject({ text: 'next' })
})

test('a call that may have been billed keeps its intent, and the next one is a retry', async () => {
  const timeout = new ModelError('no answer in time', 'timed-out', { maybeBilled: true })
  const { payer } = worker([timeout, { text: '42', costNano: 5 }])
  await expect(payFor(payer)).rejects.toBe(timeout)
  expect(await data.redis.hkeys(`${data.keyPrefix}run:${RUN}:intents`)).toEqual(['1:answer#1'])
  expect(await payFor(payer)).toMatchObject({ text: '42' })
  expect(await data.registry.money.ledger(RUN)).toMatchObject([{ cause: 'retry', costNano: 5 }])
})

test('a call that is cancelled keeps its intent too', async () => {
  const controller = new AbortController()
  const { payer, events } = worker(() => {
    controller.abort(new Error('the process is stopping'))
    return new Error('the process is stopping')
  })
  await expect(payer.pay(payment(), CALL, controller.signal)).rejects.toThrow('the process is stopping')
  expect(await data.redis.hlen(`${data.keyPrefix}run:${RUN}:intents`)).toBe(1)
  expect(events).toEqual([])
})

test('a probe that finds its reply kept lets the next caller try at once', async () => {
  const { payer, strong } = worker(['kept', new ModelError('away', 'unavailable'), 'back'])
  await payFor(payer)
  await expect(payFor(payer, { field: '2:answer' })).rejects.toMatchObject({ name: 'LaterError' })
  await data.redis.del(`${data.keyPrefix}hold:http://scripted.invalid/v1|big`)
  expect(await payFor(payer)).toMatchObject({ text: 'kept' })
  expect(await payFor(payer, { field: '2:answer' })).toMatchObject({ text: 'back' })
  expect(strong.calls).toHaveLength(3)
})

test('a reply that is kept is used though its endpoint is held and its run is halted', async () => {
  const { payer, strong } = worker(['kept', new ModelError('away', 'unavailable')])
  await payFor(payer)
  await expect(payFor(payer, { field: '2:answer' })).rejects.toMatchObject({ name: 'LaterError' })
  await data.registry.runs.halt(RUN, 'no credit')
  expect(await payFor(payer)).toMatchObject({ text: 'kept' })
  expect(strong.calls).toHaveLength(2)
})
