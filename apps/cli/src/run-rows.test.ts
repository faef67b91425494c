import { RunSettings } from '@toolwright/contracts'
import { openTestQueues, type TestQueues } from '@toolwright/queues/testing'
import type { Intent, KeptReply } from '@toolwright/registry'
import { openTestRegistry, type TestRegistry } from '@toolwright/registry/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { rowLine, rowOf, type RunRow } from './run-rows.ts'

const RUN = 'r-aaaaaaaaaa'

let data: TestRegistry
let jobs: TestQueues

beforeEach(async () => {
  data = openTestRegistry()
  jobs = openTestQueues()
  await data.registry.runs.open(RUN, RunSettings.parse({ v: 1 }), 'in.jsonl 1a2b3c4d')
})
afterEach(async () => {
  await data.close()
  await jobs.close()
})

async function row(): Promise<RunRow> {
  const record = await data.registry.runs.get(RUN)
  return await rowOf({ registry: data.registry, queues: jobs.queues }, record!)
}

async function pay(field: string, costNano: number | null, boundNano: number | null): Promise<void> {
  const intent: Intent = {
    run: RUN,
    field,
    kind: null,
    role: 'strong',
    purpose: 'answer',
    model: 'big',
    boundNano,
    timeoutMs: 60_000,
    textBytes: 10,
  }
  const reply: KeptReply = {
    v: 1,
    text: 'a',
    finish: 'stop',
    model: 'big',
    tokens: { uncachedInput: 7, cacheRead: 0, cacheWrite: 0, output: 2 },
    costNano,
    price: costNano === null ? 'unknown' : 'test',
    completion: null,
  }
  await data.registry.money.begin(intent)
  await data.registry.money.settle(intent, 1, reply)
}

test('a run that has paid for nothing has spent nothing', async () => {
  expect(await row()).toMatchObject({ spent_usd: '0', unpriced_calls: 0, limit_usd: null, input: 'in.jsonl' })
})

test('what a run has spent is unknown where the cost of none of its calls is known, and not zero', async () => {
  await pay('1', null, null)
  // Its endpoint does not say what it used.
  await pay('2', null, 5_000)
  expect(await row()).toMatchObject({ spent_usd: null, unpriced_calls: 2 })
  await data.registry.money.setBudget(RUN, 2_000_000_000)
  expect(rowLine(await row())).toBe(`${RUN} interrupted: 0 read, 0 written, an unknown part of $2 spent`)
})

test('calls of unknown cost are told of beside what the others cost', async () => {
  await pay('1', null, null)
  await pay('2', 500_000_000, 600_000_000)
  await data.registry.money.setBudget(RUN, 2_000_000_000)
  const found = await row()
  expect(found).toMatchObject({ spent_usd: '0.5', unpriced_calls: 1, limit_usd: '2' })
  expect(rowLine(found)).toBe(`${RUN} interrupted: 0 read, 0 written, $0.5 of $2 spent (calls of unknown cost: 1)`)
})

test('a model that costs nothing, and says so, is no unknown', async () => {
  await pay('1', 0, 0)
  expect(await row()).toMatchObject({ spent_usd: '0', unpriced_calls: 0 })
})
