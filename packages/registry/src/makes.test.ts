import { afterEach, beforeEach, expect, test } from 'vitest'
import type { MakePlan } from './makes.ts'
import { openTestRegistry, type TestRegistry } from './testing.ts'

const KIND = 'k-sort-1a2b3c'

let data: TestRegistry
beforeEach(() => {
  data = openTestRegistry()
})
afterEach(() => data.close())

function plan(text: string): MakePlan {
  return { v: 1, shown: [], heldBack: [], foreign: [{ text, answer: null }] }
}

test('a make that is resumed began when it first began', async () => {
  const { makes } = data.registry
  const first = await makes.begin(KIND, 1)
  expect(first.ageMs).toBe(0)
  await data.redis.hset(`${data.keyPrefix}kind:${KIND}:make:1`, 'startedAt', first.startedAt - 5_000)
  const again = await makes.begin(KIND, 1)
  expect(again.startedAt).toBe(first.startedAt - 5_000)
  expect(again.ageMs).toBeGreaterThanOrEqual(5_000)
  expect((await makes.begin(KIND, 2)).ageMs).toBe(0)
})

test('a make works from its first plan, whoever draws another', async () => {
  const { makes } = data.registry
  const drawn = await Promise.all(['a', 'b', 'c'].map((text) => makes.plan(KIND, 1, async () => plan(text))))
  expect(new Set(drawn.map((one) => one.foreign[0]?.text)).size).toBe(1)
  expect(await makes.plan(KIND, 1, () => Promise.reject(new Error('drawn again')))).toEqual(drawn[0])
})

test('a make that has ended leaves nothing', async () => {
  const { makes } = data.registry
  await makes.begin(KIND, 1)
  await makes.plan(KIND, 1, async () => plan('a'))
  await makes.drop(KIND, 1)
  expect(await data.redis.keys(`${data.keyPrefix}*`)).toEqual([])
})
