import { type LedgerEntry, RunSettings } from '@toolwright/contracts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Intent, KeptReply, Money } from './money.ts'
import { openTestRegistry, type TestRegistry } from './testing.ts'

const RUN = 'r-aaaaaaaaaa'
let data: TestRegistry
let money: Money
let kind: string
beforeEach(async () => {
  data = openTestRegistry()
  money = data.registry.money
  kind = await data.registry.kinds.named('sort', '', 'Sort b a')
})
afterEach(() => data.close())

function intent(more: Partial<Intent> = {}): Intent {
  return {
    run: RUN,
    field: '1:answer',
    kind,
    role: 'strong',
    purpose: 'answer',
    model: 'big',
    boundNano: 1_000,
    timeoutMs: 60_000,
    textBytes: 40,
    ...more,
  }
}

function reply(more: Partial<KeptReply> = {}): KeptReply {
  return {
    v: 1,
    text: 'the answer',
    finish: 'stop',
    model: 'big-1',
    tokens: { uncachedInput: 10, cacheRead: 4, cacheWrite: 2, output: 3 },
    costNano: 700,
    price: 'test@1',
    completion: null,
    ...more,
  }
}

async function begin(one: Intent): Promise<number> {
  const begun = await money.begin(one)
  if (begun === 'halted') throw new Error('the run pays for nothing')
  if ('overBudget' in begun) throw new Error(`over budget: ${JSON.stringify(begun.overBudget)}`)
  if ('kept' in begun) throw new Error('the reply is there already')
  return begun.attempt
}

/** The ledger's entries summed up as `sums` has them. */
function summedUp(entries: LedgerEntry[]) {
  const costNano = entries.reduce((sum, entry) => sum + (entry.costNano ?? 0), 0)
  return { calls: entries.length, costNano, unpriced: entries.filter((entry) => entry.costNano === null).length }
}

describe('a paid call', () => {
  test('is kept and booked once', async () => {
    expect(await begin(intent())).toBe(1)
    expect(await money.settle(intent(), 1, reply())).toEqual({ reply: reply(), overrunNano: 0 })
    expect(await money.begin(intent())).toEqual({ kept: reply() })
    const [entry, ...others] = await money.ledger(RUN)
    expect(others).toEqual([])
    expect(entry).toMatchObject({
      run: RUN,
      kind: kind,
      role: 'strong',
      model: 'big-1',
      purpose: 'answer',
      cause: 'normal',
      bucket: 'results',
    })
    expect(entry).toMatchObject({ tokens: reply().tokens, costNano: 700, price: 'test@1' })
    expect(Math.abs(entry!.at - Date.now())).toBeLessThan(60_000)
  })

  test('that is settled again, because the answer to the first time was lost, is booked once', async () => {
    await data.registry.runs.open(RUN, RunSettings.parse({ v: 1 }), '')
    const [one, other] = [await begin(intent()), await begin(intent())]
    await money.settle(intent(), one, reply())
    expect(await money.settle(intent(), one, reply())).toEqual({ reply: reply(), overrunNano: 0 })
    expect(await money.ledger(RUN)).toHaveLength(1)
    expect(await money.sums(RUN)).toMatchObject([{ bucket: 'results', calls: 1, costNano: 700 }])
    expect(await money.direct(kind)).toMatchObject({ calls: 1, costNano: 700 })
    // What another worker paid for meanwhile is waste, once.
    for (let time = 0; time < 2; time++)
      expect(await money.settle(intent(), other, reply({ text: 'another' }))).toMatchObject({ reply: { text: 'the answer' } })
    expect((await money.ledger(RUN)).map(({ cause }) => cause)).toEqual(['normal', 'waste'])
    expect(await money.budget({ run: RUN })).toMatchObject({ spentNano: 1_400, reservedNano: 0 })
  })

  test("that two workers made uses the first one's reply, and books the second as waste", async () => {
    expect(await begin(intent())).toBe(1)
    expect(await begin(intent())).toBe(2)
    expect(await money.settle(intent(), 2, reply({ text: 'first', costNano: 5 }))).toMatchObject({ reply: { text: 'first' } })
    expect(await money.settle(intent(), 1, reply({ text: 'second', costNano: 6 }))).toMatchObject({ reply: { text: 'first' } })
    const entries = await money.ledger(RUN)
    expect(entries.map(({ cause, bucket, costNano }) => ({ cause, bucket, costNano }))).toEqual([
      { cause: 'retry', bucket: 'results', costNano: 5 },
      { cause: 'waste', bucket: 'waste', costNano: 6 },
    ])
    expect(await money.direct(kind)).toMatchObject({ calls: 1, costNano: 5 })
  })

  test('that many workers settle at once is kept once', async () => {
    const attempts = await Promise.all(Array.from({ length: 20 }, () => begin(intent())))
    expect(attempts.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1))
    const kept = await Promise.all(attempts.map((attempt) => money.settle(intent(), attempt, reply({ text: `reply ${attempt}` }))))
    expect(new Set(kept.map((one) => one.reply.text)).size).toBe(1)
    const entries = await money.ledger(RUN)
    expect(entries.filter((entry) => entry.bucket === 'results')).toHaveLength(1)
    expect(entries.filter((entry) => entry.bucket === 'waste')).toHaveLength(19)
  })

  test('that was not billed leaves no trace', async () => {
    await money.abandon(intent({ timeoutMs: -2_000 }), await begin(intent({ timeoutMs: -2_000 })))
    expect(await money.uncertain(RUN)).toEqual({ calls: 0, boundNano: 0, unpriced: 0 })
    expect(await begin(intent())).toBe(1)
    expect(await money.ledger(RUN)).toEqual([])
  })

  test('keeps its own intent when an earlier one of the same line was not billed', async () => {
    const lost = intent({ timeoutMs: -2_000 })
    expect(await begin(lost)).toBe(1)
    expect(await begin(lost)).toBe(2)
    await money.abandon(lost, 1)
    const third = await begin(lost)
    await money.settle(lost, third, reply())
    expect(await money.uncertain(RUN)).toEqual({ calls: 1, boundNano: 1_000, unpriced: 0 })
  })

  test('is uncertain at its bound while it is unsettled past its time-out', async () => {
    await begin(intent({ field: '1:answer', timeoutMs: -2_000, boundNano: 300 }))
    await begin(intent({ field: '2:answer', timeoutMs: -2_000, boundNano: 500 }))
    await begin(intent({ field: '3:answer', timeoutMs: -2_000, boundNano: null }))
    await begin(intent({ field: '4:answer', timeoutMs: 60_000, boundNano: 900 }))
    expect(await money.uncertain(RUN)).toEqual({ calls: 3, boundNano: 800, unpriced: 1 })
    await money.settle(intent({ field: '2:answer' }), 1, reply())
    expect(await money.uncertain(RUN)).toEqual({ calls: 2, boundNano: 300, unpriced: 1 })
  })

  test('that was never settled stays uncertain when its run is done, among those of all runs, until the run is forgotten', async () => {
    const { runs } = data.registry
    const done = 'r-done000000'
    const quiet = 'r-quiet00000'
    for (const run of [RUN, done, quiet]) await runs.open(run, RunSettings.parse({ v: 1 }), 'test')
    await begin(intent({ field: '1:answer', timeoutMs: -2_000, boundNano: 300 }))
    const lost = intent({ run: done, field: '1:answer', timeoutMs: -2_000, boundNano: 70 })
    await begin(lost)
    await begin({ ...lost, field: '2:answer', boundNano: null })
    await begin({ ...lost, field: '3:answer', timeoutMs: 60_000 })
    for (const run of [done, quiet]) await runs.finish(run, {})
    const seconds = await data.redis.ttl(`${data.keyPrefix}run:${done}:intents`)
    expect(seconds).toBeGreaterThan(6 * 86_400)
    expect(await money.uncertain(null)).toEqual({ calls: 3, boundNano: 370, unpriced: 1 })
    await runs.forget(done)
    expect(await money.uncertain(null)).toEqual({ calls: 1, boundNano: 300, unpriced: 0 })
  })

  test("of a make is kept with the make, whatever becomes of the run, and apart from the run's own", async () => {
    const make = { kind, generation: 1 }
    const step = intent({ field: 'a1t0', purpose: 'propose', make })
    await money.settle(step, await begin(step), reply({ text: 'a tool' }))
    expect(await money.begin({ ...step, run: 'r-bbbbbbbbbb' })).toEqual({ kept: reply({ text: 'a tool' }) })
    expect(await money.begin(intent({ field: 'a1t0' }))).toEqual({ attempt: 1 })
    expect(await money.begin({ ...step, make: { ...make, generation: 2 } })).toEqual({ attempt: 1 })
    await money.settle(intent({ field: 'a1t1', make }), 1, reply({}))
    expect([await money.spentOn(make), await money.spentOn({ ...make, generation: 2 })]).toEqual([1_400, 0])
    await money.settle(intent({ field: 'a1t2', make }), 1, reply({ costNano: null }))
    expect(await money.spentOn(make)).toBeNull()
    await data.registry.makes.drop(kind, 1)
    expect(await money.begin(step)).toEqual({ attempt: 1 })
  })

  test('of a make that was called off meanwhile is booked, and not kept', async () => {
    const step = intent({ field: 'a1t0', purpose: 'propose', make: { kind, generation: 1 } })
    const attempt = await begin(step)
    await data.registry.kinds.settle(kind, 1, { end: 'declined', reason: 'no', cooldownMs: 1 })
    expect(await money.settle(step, attempt, reply({ text: 'a tool' }))).toEqual({ reply: reply({ text: 'a tool' }), overrunNano: 0 })
    expect(await money.ledger(RUN)).toMatchObject([{ bucket: 'makes', costNano: 700 }])
    expect(await money.begin(step)).toEqual({ attempt: 1 })
  })

  test('for a kind that is gone is booked, and leaves nothing in its name', async () => {
    const gone = intent({ kind: 'k-gone-1a2b3c' })
    await money.settle(gone, await begin(gone), reply())
    expect(await money.ledger(RUN)).toMatchObject([{ kind: 'k-gone-1a2b3c', costNano: 700 }])
    expect(await data.redis.keys(`${data.keyPrefix}kind:k-gone*`)).toEqual([])
    expect((await money.direct(null)).calls).toBe(1)
  })
})

describe('the ledger', () => {
  test('adds up: every entry is in one bucket, and the buckets are the ledger', async () => {
    const calls = [
      intent({ field: '1:answer' }),
      intent({ field: '2:call:1', role: 'light', purpose: 'call' }),
      intent({ field: '3:judge', role: 'light', purpose: 'judge', kind: null }),
      intent({ field: '4:label:1', purpose: 'label' }),
      intent({ field: 'a1t0', purpose: 'propose', make: { kind, generation: 1 } }),
      intent({ field: 'a1t1', purpose: 'repair', make: { kind, generation: 1 } }),
      intent({ field: 'v1', role: 'light', purpose: 'verify', make: { kind, generation: 1 } }),
    ]
    for (const [at, call] of calls.entries()) await money.settle(call, await begin(call), reply({ costNano: 2 ** at }))
    await money.settle(calls[0]!, 2, reply({ costNano: 1_000 }))
    const unpriced = intent({ field: '9:answer', model: 'free' })
    await money.settle(unpriced, await begin(unpriced), reply({ costNano: null, model: 'free', price: 'unknown' }))

    const entries = await money.ledger(RUN)
    const sums = await money.sums(RUN)
    expect(sums.reduce((total, one) => total + one.costNano, 0)).toBe(2 ** 7 - 1 + 1_000)
    expect(sums.reduce((total, one) => total + one.calls, 0)).toBe(entries.length)
    expect(sums.reduce((total, one) => total + one.tokens.cacheRead, 0)).toBe(4 * entries.length)
    for (const bucket of ['results', 'makes', 'overhead', 'waste'] as const) {
      const rows = sums.filter((one) => one.bucket === bucket)
      const own = entries.filter((entry) => entry.bucket === bucket)
      expect(own.length).toBeGreaterThan(0)
      const total = (of: (one: (typeof rows)[number]) => number) => rows.reduce((sum, one) => sum + of(one), 0)
      expect({ calls: total((one) => one.calls), costNano: total((one) => one.costNano), unpriced: total((one) => one.unpriced) }).toEqual(
        summedUp(own),
      )
    }
    expect(await money.sums(null)).toEqual(sums)
  })

  test('sums up the space over all runs, whatever characters a model has in its name', async () => {
    const model = 'a:b "c" [d]\\:calls'
    for (const run of [RUN, 'r-bbbbbbbbbb']) await money.settle(intent({ run }), 1, reply({ model }))
    const [row, ...others] = await money.sums(null)
    expect(others).toEqual([])
    expect(row).toEqual({
      bucket: 'results',
      role: 'strong',
      model,
      purpose: 'answer',
      cause: 'normal',
      calls: 2,
      costNano: 1_400,
      unpriced: 0,
      tokens: { uncachedInput: 20, cacheRead: 8, cacheWrite: 4, output: 6 },
    })
  })

  test('is read whole when it is longer than a page', async () => {
    await Promise.all(Array.from({ length: 1_500 }, (_, seq) => money.settle(intent({ field: `${seq}:answer` }), 1, reply())))
    expect(await money.ledger(RUN)).toHaveLength(1_500)
    expect(await money.direct(null)).toMatchObject({ calls: 1_500, costNano: 1_500 * 700 })
  })
})

test("a kind's direct calls are the strong model's answers alone", async () => {
  await money.settle(intent({ field: '1:answer' }), 1, reply())
  await money.settle(intent({ field: '2:answer' }), 1, reply({ costNano: null }))
  await money.settle(intent({ field: '3:label:1', purpose: 'label' }), 1, reply())
  await money.settle(intent({ field: '4:call:1', role: 'light', purpose: 'call' }), 1, reply())
  await money.settle(intent({ field: '5:answer', kind: null }), 1, reply())
  expect(await money.direct(kind)).toEqual({ calls: 2, costNano: 700, unpriced: 1, promptTokens: 32, outputTokens: 6, textBytes: 80 })
  expect(await money.direct(null)).toMatchObject({ calls: 3, costNano: 1_400, unpriced: 1 })
  expect(await money.direct('k-other-1a2b3c')).toMatchObject({ calls: 0, costNano: 0 })
})

test('direct calls are kept with their squares, and with what they would have cost at the light model', async () => {
  await money.settle(intent({ field: '1:answer' }), 1, reply({ costNano: 300 }), 20)
  await money.settle(intent({ field: '2:answer' }), 1, reply({ costNano: 500 }), 40)
  // The first reply counts, and the other is waste.
  await money.settle(intent({ field: '2:answer' }), 2, reply({ costNano: 900 }), 70)
  await money.settle(intent({ field: '3:answer' }), 1, reply({ costNano: null }))
  const { direct, squares, atLight } = await money.ofKind(kind)
  expect({ calls: direct.calls, squares, atLight }).toEqual({
    calls: 3,
    squares: { calls: 2, sum: 90_000 + 250_000 },
    atLight: { calls: 2, costNano: 60 },
  })
  expect((await money.ofKind(null)).squares).toEqual(squares)
})

test('squares of many dear calls are more than an integer holds, and book all the same', async () => {
  const dear = 40_000_000_000
  for (const seq of [1, 2, 3]) await money.settle(intent({ field: `${seq}:answer` }), 1, reply({ costNano: dear }))
  expect((await money.ofKind(kind)).squares.sum / (3 * dear ** 2)).toBeCloseTo(1, 12)
  expect((await money.direct(kind)).costNano).toBe(3 * dear)
})

test("what makes of a kind's tools cost is kept with the kind, of whatever run, and nothing of a kind that is gone", async () => {
  await money.settle(intent({ field: '1:label:1', purpose: 'label' }), 1, reply())
  const make = { kind, generation: 1 }
  await money.settle(intent({ field: 'a1t0', make, purpose: 'propose' }), 1, reply({ costNano: 5_000 }))
  await money.settle(intent({ field: 'a1t1', make, purpose: 'repair', run: 'r-bbbbbbbbbb' }), 1, reply({ costNano: null }))
  await money.settle(intent({ field: '1:answer' }), 1, reply())
  expect((await money.ofKind(kind)).makes).toEqual({ calls: 3, costNano: 5_700, unpriced: 1 })
  await money.settle(
    intent({ field: 'a2t0', make: { kind: 'k-gone-1a2b3c', generation: 1 }, kind: 'k-gone-1a2b3c', purpose: 'propose' }),
    1,
    reply(),
  )
  expect(await data.redis.keys(`${data.keyPrefix}kind:k-gone-1a2b3c*`)).toEqual([])
})

test('a run knows by which prices its calls were booked', async () => {
  await money.settle(intent({ field: '1:answer' }), 1, reply({ price: 'list 1: big' }))
  await money.settle(intent({ field: '2:answer' }), 1, reply({ price: 'list 1: big' }))
  await money.settle(
    intent({ field: '1:call', role: 'light', purpose: 'call' }),
    1,
    reply({ model: 'small', price: 'list 1: small, tier flex' }),
  )
  const { model } = reply()
  expect(await money.prices(RUN)).toEqual([
    { role: 'light', model: 'small', price: 'list 1: small, tier flex' },
    { role: 'strong', model, price: 'list 1: big' },
  ])
})

test('a direct call of which nobody told what it used is in the ledger, and tells nothing of what others would use', async () => {
  const untold = reply({ tokens: { uncachedInput: 0, cacheRead: 0, cacheWrite: 0, output: 0 }, costNano: null })
  await money.settle(intent(), 1, untold)
  expect(await money.ledger(RUN)).toHaveLength(1)
  expect(await money.direct(kind)).toEqual({ calls: 0, costNano: 0, unpriced: 0, promptTokens: 0, outputTokens: 0, textBytes: 0 })
})

test('what a line has spent is the sum of its kept replies, unknown where one price is', async () => {
  await money.settle(intent({ field: '1:call:1' }), 1, reply({ costNano: 10 }))
  await money.settle(intent({ field: '1:answer' }), 1, reply({ costNano: 30 }))
  await money.settle(intent({ field: '1:label' }), 1, reply({ costNano: null }))
  expect(await money.spent(RUN, ['1:call:1', '1:answer', '1:none'])).toEqual({ costNano: 40, promptTokens: 32, outputTokens: 6 })
  expect(await money.spent(RUN, ['1:call:1', '1:label'])).toMatchObject({ costNano: null })
  await money.dropReplies(RUN, ['1:call:1', '1:answer'])
  expect(await money.spent(RUN, ['1:call:1', '1:answer'])).toEqual({ costNano: 0, promptTokens: 0, outputTokens: 0 })
  expect(await money.begin(intent({ field: '1:label' }))).toHaveProperty('kept')
})

function line(n: number, more: Partial<Intent> = {}): Intent {
  return intent({ field: `${n}:answer`, boundNano: 1_000, ...more })
}

function over(why: string, scope = 'run'): object {
  return { overBudget: expect.objectContaining({ why, scope }) }
}

describe('a budget', () => {
  beforeEach(() => data.registry.runs.open(RUN, RunSettings.parse({ v: 1 }), ''))

  test('is reserved by what each call may cost, and counts what it did cost', async () => {
    await money.setBudget(RUN, 2_500)
    const [one, two] = [await begin(line(1)), await begin(line(2))]
    expect(await money.begin(line(3))).toEqual(over('reserved'))
    await money.settle(line(1), one, reply({ costNano: 400 }))
    expect(await money.budget({ run: RUN })).toEqual({ limitNano: 2_500, spentNano: 400, reservedNano: 1_000, overrunNano: 0 })
    const three = await begin(line(3))
    await money.abandon(line(2), two)
    await money.settle(line(3), three, reply({ costNano: 1_000 }))
    expect(await money.budget({ run: RUN })).toMatchObject({ spentNano: 1_400, reservedNano: 0 })
    await money.settle(line(4), await begin(line(4)), reply({ costNano: 1_000 }))
    expect(await money.begin(line(5))).toEqual(over('spent'))
    await money.setBudget(RUN, null)
    expect(await money.begin(line(5))).toEqual({ attempt: 1 })
  })

  test('does not get back what a worker that died had reserved', async () => {
    await money.setBudget(RUN, 2_500)
    await begin(line(1, { timeoutMs: -2_000 }))
    await begin(line(2, { timeoutMs: -2_000 }))
    expect(await money.begin(line(3))).toEqual({
      overBudget: { why: 'spent', scope: 'run', limitNano: 2_500, spentNano: 0, reservedNano: 2_000 },
    })
    expect(await money.begin(line(1, { boundNano: 500 }))).toEqual({ attempt: 2 })
  })

  test('is never exceeded, however many ask at once', async () => {
    await money.setBudget(RUN, 10_999)
    const begun = await Promise.all(Array.from({ length: 50 }, (_, n) => money.begin(line(n))))
    expect(begun.filter((one) => one !== 'halted' && 'attempt' in one)).toHaveLength(10)
    expect(begun.filter((one) => one !== 'halted' && 'overBudget' in one)).toHaveLength(40)
  })

  test('wants prices that are known; a call that does not say what it used counts as what it may have cost', async () => {
    expect(await money.begin(line(1, { boundNano: null }))).toEqual({ attempt: 1 })
    await money.setBudget(RUN, 10_000)
    expect(await money.begin(line(2, { boundNano: null }))).toEqual(over('unpriced'))
    await money.settle(line(3), await begin(line(3)), reply({ costNano: null }))
    expect(await money.budget({ run: RUN })).toMatchObject({ spentNano: 1_000, reservedNano: 0 })
  })

  test('of nothing at all lets calls through that cost nothing, and no others', async () => {
    await money.setBudget(RUN, 0)
    await money.settle(line(1, { boundNano: 0 }), await begin(line(1, { boundNano: 0 })), reply({ costNano: 0 }))
    expect(await money.budget({ run: RUN })).toEqual({ limitNano: 0, spentNano: 0, reservedNano: 0, overrunNano: 0 })
    expect(await money.begin(line(2))).toEqual(over('spent'))
    expect((await money.ofKind(kind)).direct).toMatchObject({ calls: 1, costNano: 0, unpriced: 0 })
  })

  test('shows what was billed beyond the bound', async () => {
    expect(await money.settle(line(1), await begin(line(1)), reply({ costNano: 1_700 }))).toEqual({
      reply: reply({ costNano: 1_700 }),
      overrunNano: 700,
    })
    expect(await money.budget({ run: RUN })).toEqual({ limitNano: null, spentNano: 1_700, reservedNano: 0, overrunNano: 700 })
    expect(await money.budget('today')).toMatchObject({ spentNano: 1_700, overrunNano: 700 })
  })

  test('of a day holds for all runs, and one of a make for that make only', async () => {
    const other = 'r-bbbbbbbbbb'
    await data.registry.runs.open(other, RunSettings.parse({ v: 1 }), '')
    const today = { budgets: { dayNano: 1_500 } }
    const attempt = await begin(line(1, today))
    expect(await money.begin(line(2, { ...today, run: other }))).toEqual(over('reserved', 'day'))
    await money.settle(line(1), attempt, reply({ costNano: 100 }))
    expect(await money.begin(line(2, { ...today, run: other }))).toEqual({ attempt: 1 })
    expect(await money.budget('today')).toEqual({ limitNano: 1_500, spentNano: 100, reservedNano: 1_000, overrunNano: 0 })

    const make = { kind, generation: 1 }
    await data.registry.makes.begin(kind, 1, 60_000)
    const step = (field: string) => line(0, { field, make, purpose: 'propose', budgets: { makeNano: 1_500 } })
    await money.settle(step('a1t0'), await begin(step('a1t0')), reply({ costNano: 900 }))
    expect(await money.begin(step('a1t1'))).toEqual(over('spent', 'make'))
    expect(await money.begin(line(3))).toEqual({ attempt: 1 })
    await data.registry.makes.drop(kind, 1)
  })

  test.each(['day', 'make'] as const)('of a %s is waited for while calls of any run may be under way, and then is spent', async (scope) => {
    const other = 'r-bbbbbbbbbb'
    await data.registry.runs.open(other, RunSettings.parse({ v: 1 }), '')
    await data.registry.makes.begin(kind, 1, 60_000)
    const budgets = scope === 'day' ? { dayNano: 2_500 } : { makeNano: 2_500 }
    const step = (n: number, more: Partial<Intent> = {}) =>
      line(n, { ...(scope === 'make' && { make: { kind, generation: 1 } }), budgets, ...more })
    // The call that ends last is not the one that began last.
    await begin(step(1, { timeoutMs: 300 }))
    const quick = step(2, { timeoutMs: -2_000 })
    const attempt = await begin(quick)
    expect(await money.begin(step(3, { run: other }))).toEqual(over('reserved', scope))
    // Whatever ends, this would not fit.
    expect(await money.begin(step(3, { run: other, boundNano: 2_501 }))).toEqual(over('spent', scope))
    await expect.poll(() => money.begin(step(3, { run: other })), { timeout: 5_000 }).toEqual(over('spent', scope))
    // What the first may have cost stays taken, what the second gives back does not.
    await money.settle(quick, attempt, reply({ costNano: 0 }))
    await begin(step(3, { run: other }))
    expect(await money.begin(step(4))).toEqual(over('reserved', scope))
    await data.registry.makes.drop(kind, 1)
  })

  test('of a day is not kept waiting for by calls that cost nothing', async () => {
    const budgets = { dayNano: 1_500 }
    await begin(line(1, { budgets, timeoutMs: -2_000 }))
    await begin(line(2, { budgets, boundNano: 0 }))
    expect(await money.begin(line(3, { budgets }))).toEqual(over('spent', 'day'))
  })

  test('of a make that is gone leaves nothing in its name', async () => {
    await begin(line(1, { make: { kind, generation: 7 }, budgets: { makeNano: 2_500 } }))
    expect(await data.redis.exists(`${data.keyPrefix}kind:${kind}:make:7`)).toBe(0)
  })
})
