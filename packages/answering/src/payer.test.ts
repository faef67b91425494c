import { RunSettings } from '@toolwright/contracts'
import { ModelError, type ModelCall } from '@toolwright/llm'
import { scriptedModel, type ScriptedReply } from '@toolwright/llm/testing'
import { openLog } from '@toolwright/runtime'
import { openTestRegistry, type TestRegistry } from '@toolwright/registry/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
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

test('notes what a direct answer would have cost at the light model', async () => {
  const { payer, light } = worker([{ text: '42', tokens: TOKENS, costNano: 90 }])
  light.costOf = ({ uncachedInput, output }) => uncachedInput + 2 * output
  await payFor(payer)
  expect((await data.registry.money.ofKind(null)).atLight).toEqual({ calls: 1, costNano: 7 })
})

test('keeps the whole completion where the body of the request was sent on', async () => {
  const { payer } = worker(['42', '43'])
  const body = { messages: [{ role: 'user', content: 'How many?' }], n: 2 }
  const { completion } = await payFor(payer, {}, { ...CALL, body })
  expect(completion).toMatchObject({ object: 'chat.completion', choices: [{ message: { content: '42' } }] })
})

test('two workers at the same call use one reply; what the other paid is waste', async () => {
  const workers = ['one', 'other'].map((text) => worker([{ text, costNano: 5 }]))
  // Neither has its reply before the other has called.
  const { promise: bothCalled, resolve } = Promise.withResolvers<void>()
  let calls = 0
  for (const { strong } of workers) {
    const complete = strong.complete.bind(strong)
    strong.complete = async (...call) => {
      if (++calls === workers.length) resolve()
      await bothCalled
      return await complete(...call)
    }
  }
  const replies = await Promise.all(workers.map(({ payer }) => payFor(payer)))
  expect(new Set(replies.map(({ text }) => text)).size).toBe(1)
  const entries = await data.registry.money.ledger(RUN)
  expect(entries.map(({ bucket }) => bucket).toSorted()).toEqual(['results', 'waste'])
})

test('a reply that was paid for waits until Redis has room for it: nobody pays for it again', async () => {
  const { money } = data.registry
  let refusals = 0
  const settle: typeof money.settle = async (...paid) => {
    if (refusals++ === 0) throw new Error("OOM command not allowed when used memory > 'maxmemory'.")
    return await money.settle(...paid)
  }
  const strong = scriptedModel([{ text: '42', costNano: 5 }], { role: 'strong', model: 'big' })
  const registry = { ...data.registry, money: { ...money, settle } }
  const payer = openPayer({ registry, models: { strong, light: scriptedModel([]) }, observe: () => undefined })
  expect(await payFor(payer)).toMatchObject({ text: '42' })
  expect(strong.calls).toHaveLength(1)
  expect(await money.ledger(RUN)).toMatchObject([{ costNano: 5, bucket: 'results' }])
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

test('a run that is cancelled while a call waits for its turn pays for nothing more, though it is opened again', async () => {
  const { payer, strong } = worker(['42'])
  const money = data.registry.money
  const spy = vi.spyOn(money, 'begin').mockImplementationOnce(async (intent) => {
    await data.registry.runs.cancel(RUN)
    return await money.begin(intent)
  })
  await expect(payFor(payer)).rejects.toMatchObject({ name: 'LaterError' })
  expect(spy).toHaveBeenCalledTimes(2)
  await data.registry.runs.open(RUN, RunSettings.parse({ v: 1 }), '')
  await expect(payFor(payer)).rejects.toMatchObject({ message: 'the run is halted: it was cancelled' })
  expect(strong.calls).toEqual([])
  expect(await data.registry.money.ledger(RUN)).toEqual([])
})

/** A worker whose calls may cost 60 and cost 50. */
function bounded(costNano: number | null = 60, more: { tokens?: typeof TOKENS } = {}) {
  const one = worker(() => ({ text: '42', costNano: 50, ...more }))
  one.strong.bound = () => ({ tokens: TOKENS, costNano })
  return one
}

describe('budgets', () => {
  test('of a run halt it before the call that could exceed it, and more money opens it again', async () => {
    const { payer, strong } = bounded()
    await data.registry.money.setBudget(RUN, 100)
    await payFor(payer)
    await expect(payFor(payer, { field: '2:answer' })).rejects.toMatchObject({ name: 'LaterError', message: /--max-cost-usd.* spent/ })
    expect(await data.registry.runs.get(RUN)).toMatchObject({ isOverBudget: true, haltedBy: expect.stringContaining('may cost up to') })
    expect(strong.calls).toHaveLength(1)
    await data.registry.money.setBudget(RUN, 200)
    await data.registry.runs.open(RUN, RunSettings.parse({ v: 1 }), '')
    expect(await data.registry.runs.get(RUN)).toMatchObject({ isOverBudget: false, haltedBy: null })
    await payFor(payer, { field: '2:answer' })
    expect(await data.registry.money.budget({ run: RUN })).toMatchObject({ spentNano: 100, reservedNano: 0 })
  })

  test('that calls under way keep reserved are waited for, and nothing is halted', async () => {
    const { payer, strong } = bounded()
    await data.registry.money.setBudget(RUN, 115)
    const complete = strong.complete.bind(strong)
    const { promise: isAsked, resolve: asked } = Promise.withResolvers<void>()
    const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
    strong.complete = async (...call) => {
      asked()
      await mayEnd
      return await complete(...call)
    }
    const first = payFor(payer)
    await isAsked
    await expect(payFor(payer, { field: '2:answer' })).rejects.toMatchObject({ name: 'LaterError', message: /under way/ })
    end()
    await first
    expect(await data.registry.runs.haltReason(RUN)).toBeNull()
    await payFor(payer, { field: '2:answer' })
  })

  test('want a price for every model that is called', async () => {
    const { payer, strong } = bounded(null)
    await data.registry.money.setBudget(RUN, 1_000_000)
    await expect(payFor(payer)).rejects.toMatchObject({ message: /the price of big is unknown.*TOOLWRIGHT_PRICES/ })
    expect(strong.calls).toEqual([])
    expect((await data.registry.runs.get(RUN))?.isOverBudget).toBe(true)
  })

  test('that an endpoint ignores halt the run; without one the overrun is only counted', async () => {
    const { payer } = bounded(20)
    await payFor(payer)
    expect(await data.registry.runs.haltReason(RUN)).toBeNull()
    expect(await data.registry.money.budget({ run: RUN })).toMatchObject({ spentNano: 50, overrunNano: 30 })
    await data.registry.money.setBudget(RUN, 1_000_000)
    await payFor(payer, { field: '2:answer' })
    expect(await data.registry.runs.haltReason(RUN)).toMatch(/overrun.*\(--max-cost-usd\)/)
  })

  test.each([
    ['day', { dayNano: 1_000_000 }, 'TOOLWRIGHT_MAX_USD_PER_DAY'],
    ['make', { makeNano: 1_000_000 }, 'TOOLWRIGHT_MAX_USD_PER_MAKE'],
  ])('of a %s alone halt the run too where an endpoint ignores what it was asked for', async (_, budgets, name) => {
    const { strong, light } = bounded(20)
    await payFor(openPayer({ registry: data.registry, models: { strong, light }, budgets }))
    expect(await data.registry.runs.get(RUN)).toMatchObject({ isOverBudget: true, haltedBy: expect.stringContaining(`(${name})`) })
  })

  test('that an endpoint ignores are told to the log: which call, what it might cost and did, and no text', async () => {
    const { strong, light } = bounded(20, { tokens: TOKENS })
    const lines: string[] = []
    const log = openLog({ stage: 'user', level: 'warn', write: (text) => void lines.push(text) })
    const payer = openPayer({ registry: data.registry, models: { strong, light }, log })
    await payFor(payer)
    strong.bound = () => ({ tokens: TOKENS, costNano: 50 })
    await payFor(payer, { field: '2:answer' })
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0]!)).toEqual({
      time: expect.any(String),
      stage: 'user',
      pid: process.pid,
      level: 'warn',
      message: 'a call cost more than it may',
      run: RUN,
      kind: null,
      purpose: 'answer',
      model: 'big',
      boundUsd: '0.00000002',
      costUsd: '0.00000005',
      tokens: TOKENS,
    })
  })

  test('of a make refuse its calls only', async () => {
    const { strong } = bounded()
    const payer = openPayer({ registry: data.registry, models: { strong, light: scriptedModel([]) }, budgets: { makeNano: 40 } })
    const kind = await data.registry.kinds.named('sort', '', 'Sort b a')
    await data.registry.makes.begin(kind, 1, 60_000)
    const step = { purpose: 'propose' as const, field: 'a1t0', make: { kind, generation: 1 } }
    await expect(payFor(payer, step)).rejects.toMatchObject({ kind: 'rejected', message: /TOOLWRIGHT_MAX_USD_PER_MAKE/ })
    expect(await data.registry.runs.haltReason(RUN)).toBeNull()
    expect(await payFor(payer)).toMatchObject({ text: '42' })
    await data.registry.makes.drop(kind, 1)
  })
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

function announced(remaining: number) {
  return { requests: { limit: 60, remaining, windowMs: 60_000 } }
}

describe('limits', () => {
  test('that a reply announces are kept by every process, and what a call used is settled', async () => {
    const tokens = { tokens: { limit: 10_000, remaining: 10_000 - 6, windowMs: 60_000 } }
    const one = worker([{ text: '42', tokens: TOKENS, announced: { ...announced(59), ...tokens } }])
    await payFor(one.payer)
    const other = worker([{ text: '43', tokens: TOKENS, announced: announced(58) }, 'last'])
    await payFor(other.payer, { field: '2:answer' })
    await payFor(other.payer, { field: '3:answer' })
    expect(one.events[0]!.room).toEqual({})
    const [second, third] = other.events.map(({ room }) => room)
    expect(second!.requests).toEqual({ free: 58, limit: 60 })
    expect(third!.requests).toEqual({ free: 57, limit: 60 })
    // Six that the first call used, then what was reserved for the second: as much, and a fifth. Of that a fifth is given back with its reply.
    expect(second!.tokens).toEqual({ free: 10_000 - 6 - 8, limit: 10_000 })
    expect(third!.tokens!.free).toBe(10_000 - 6 - 6 - 8)
  })

  test('that a user has set send calls back to their queue without one being made; what is kept is used all the same', async () => {
    const strong = scriptedModel(['one', 'two', 'three'], { role: 'strong', model: 'big', limits: { requests: 2 } })
    const payer = openPayer({ registry: data.registry, models: { strong, light: scriptedModel([]) } })
    await payFor(payer)
    await payFor(payer, { field: '2:answer' })
    for (let n = 3; n < 20; n++)
      await expect(payFor(payer, { field: `${n}:answer` })).rejects.toMatchObject({
        name: 'LaterError',
        message: /no room within its limits/,
      })
    expect(await payFor(payer)).toMatchObject({ text: 'one' })
    expect(strong.calls).toHaveLength(2)
    expect(await data.redis.hlen(`${data.keyPrefix}run:${RUN}:intents`)).toBe(0)
  })

  test('are shared where both roles are the same model, and the lower one holds', async () => {
    const same = { baseUrl: 'http://one.invalid/v1', model: 'only' }
    const strong = scriptedModel(['one', 'two'], { ...same, role: 'strong', limits: { requests: 3 } })
    const light = scriptedModel(['three', 'four'], { ...same, role: 'light', limits: { requests: 100, tokens: 100_000 } })
    const events: ModelCallEvent[] = []
    const payer = openPayer({ registry: data.registry, models: { strong, light }, observe: (event) => void events.push(event) })
    await payFor(payer)
    await payFor(payer, { role: 'light', purpose: 'call', field: '1:call' })
    await payFor(payer, { field: '2:answer' })
    expect(events.map(({ room }) => room.requests)).toEqual([2, 1, 0].map((free) => ({ free, limit: 3 })))
    expect(events.map(({ room }) => room.tokens?.limit)).toEqual([100_000, 100_000, 100_000])
    await expect(payFor(payer, { role: 'light', purpose: 'call', field: '2:call' })).rejects.toMatchObject({ name: 'LaterError' })
  })

  test('that a refusal announces are kept from then on', async () => {
    const limit = new ModelError('too many requests', 'rate-limited', {
      statusCode: 429,
      retryAfterMs: 1,
      announced: { requests: { limit: 1, remaining: undefined, windowMs: 60_000 } },
    })
    const { payer, strong } = worker([limit, 'ok'])
    await expect(payFor(payer)).rejects.toMatchObject({ name: 'LaterError', cause: limit })
    await vi.waitFor(async () => expect(await data.redis.exists(`${data.keyPrefix}hold:http://scripted.invalid/v1|big`)).toBe(0))
    await expect(payFor(payer)).rejects.toMatchObject({ name: 'LaterError', message: /no room within its limits/ })
    expect(strong.calls).toHaveLength(1)
  })

  test('a call that finds its reply kept by then gives back what it had reserved', async () => {
    const strong = scriptedModel(['one'], { role: 'strong', model: 'big', limits: { requests: 5 } })
    const { registry } = data
    const late = { ...registry, money: { ...registry.money, kept: async () => null } }
    const models = { strong, light: scriptedModel([]) }
    await payFor(openPayer({ registry, models }))
    expect(await payFor(openPayer({ registry: late, models }))).toMatchObject({ text: 'one' })
    expect(await taken()).toBe(1)
  })

  test('a call that is cancelled while it waits for its turn gives back what it had reserved', async () => {
    const { payer, strong } = worker([{ text: 'one', announced: { requests: { limit: 1, remaining: 0, windowMs: 4_000 } } }])
    await payFor(payer)
    const controller = new AbortController()
    const waiting = payer.pay(payment({ field: '2:answer' }), CALL, controller.signal)
    // At its turn, in 4 s, the first counts no more.
    await vi.waitFor(async () => expect(await data.redis.hexists(takenKey(), 'start')).toBe(1))
    expect(await taken(4_000)).toBe(1)
    controller.abort(new Error('the process is stopping'))
    await expect(waiting).rejects.toThrow('aborted')
    await vi.waitFor(async () => expect(await taken(4_000)).toBe(0))
    expect(strong.calls).toHaveLength(1)
  })
})

/** Requests that are reserved or made in the window of the strong model's limit. */
async function taken(windowMs = 60_000): Promise<number> {
  const slots = await data.redis.hgetall(takenKey())
  const counts = Object.entries(slots).filter(([field]) => new RegExp(`^requests:${windowMs}:\\d+$`).test(field))
  return counts.reduce((sum, [, count]) => sum + Number(count), 0)
}

function takenKey(): string {
  return `${data.keyPrefix}taken:http://scripted.invalid/v1|big`
}
