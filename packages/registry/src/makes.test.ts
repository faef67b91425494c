import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { MakePlan } from './makes.ts'
import { openTestRegistry, type TestRegistry } from './testing.ts'

let data: TestRegistry
let kind: string
beforeEach(async () => {
  data = openTestRegistry()
  kind = await data.registry.kinds.named('sort', '', 'Sort b a')
})
afterEach(() => data.close())

function plan(text: string): MakePlan {
  return { v: 1, shown: [], heldBack: [], foreign: [{ text, answer: null, run: '' }] }
}

test('a make that is resumed has the deadline with which it began', async () => {
  const { makes } = data.registry
  expect(await makes.isOverdue(kind, 1)).toBe(false)
  await makes.begin(kind, 1, 60_000)
  expect(await makes.isOverdue(kind, 1)).toBe(false)
  await makes.begin(kind, 2, 0)
  await makes.begin(kind, 2, 60_000)
  expect(await makes.isOverdue(kind, 2)).toBe(true)
})

test('a make that rested keeps its plan, and has its whole time again', async () => {
  const { makes } = data.registry
  await makes.begin(kind, 1, 0)
  await makes.plan(kind, 1, async () => plan('a'))
  await makes.pause(kind, 1)
  expect(await makes.isOverdue(kind, 1)).toBe(false)
  await makes.begin(kind, 1, 60_000)
  expect(await makes.isOverdue(kind, 1)).toBe(false)
  expect(await makes.planned(kind, 1)).toEqual(plan('a'))
})

test('a make works from its first plan, whoever draws another', async () => {
  const { makes } = data.registry
  const drawn = await Promise.all(['a', 'b', 'c'].map((text) => makes.plan(kind, 1, async () => plan(text))))
  expect(new Set(drawn.map((one) => one.foreign[0]?.text)).size).toBe(1)
  expect(await makes.plan(kind, 1, () => Promise.reject(new Error('drawn again')))).toEqual(drawn[0])
})

test('a make that has ended leaves nothing', async () => {
  const { makes } = data.registry
  const before = new Set(await data.redis.keys(`${data.keyPrefix}*`))
  await makes.begin(kind, 1, 60_000)
  await makes.plan(kind, 1, async () => plan('a'))
  await makes.drop(kind, 1)
  expect(new Set(await data.redis.keys(`${data.keyPrefix}*`))).toEqual(before)
})

test('a make that is called off while it is planned keeps no plan', async () => {
  const { makes, kinds } = data.registry
  const planning = makes.plan(kind, 1, async () => {
    await kinds.settle(kind, 1, { end: 'declined', reason: 'no', cooldownMs: 1 })
    return plan('a')
  })
  await expect(planning).rejects.toThrow('was called off while it was planned')
  expect(await makes.planned(kind, 1)).toBeNull()
})

test('a make is under way from its beginning to its end, and not while it rests', async () => {
  const { makes, kinds } = data.registry
  const other = await kinds.named('count', '', 'Count b a')
  expect(await makes.agesMs()).toEqual([])
  await makes.begin(kind, 1, 60_000)
  await vi.waitFor(async () => expect(await makes.ageMs(kind, 1)).toBeGreaterThan(20))
  await makes.begin(other, 1, 60_000)
  // Begun again by a maker that takes it up: it is as old as it was.
  await makes.begin(kind, 1, 60_000)
  const [oldest, youngest, ...others] = await makes.agesMs()
  expect(others).toEqual([])
  expect(oldest).toBeGreaterThan(20)
  expect(youngest).toBeLessThan(oldest!)

  await makes.pause(kind, 1)
  expect(await makes.ageMs(kind, 1)).toBeNull()
  await makes.begin(kind, 1, 60_000)
  await kinds.settle(kind, 1, { end: 'declined', reason: 'no', cooldownMs: 1 })
  expect(await makes.agesMs()).toHaveLength(1)
  await makes.drop(other, 1)
  expect(await makes.agesMs()).toEqual([])
})

test('a make that was called off is under way no longer, though nobody ended it', async () => {
  const { makes, kinds } = data.registry
  await makes.begin(kind, 1, 60_000)
  await kinds.point(kind, 0, 'disabled')
  expect(await makes.agesMs()).toEqual([])
})
