import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Endpoints, Need } from './endpoints.ts'
import { openTestRegistry, type TestRegistry } from './testing.ts'

const URL = 'https://models.example/v1|big'
const NEED: Need = { purpose: 'answer', inputBytes: 600, replyLimit: 4_096 }

let data: TestRegistry
let endpoints: Endpoints
beforeEach(() => {
  data = openTestRegistry()
  endpoints = data.registry.endpoints
})
afterEach(() => data.close())

/** Lets a hold run out at once. */
async function endHold(): Promise<void> {
  await data.redis.del(`${data.keyPrefix}hold:${URL}`)
}

/** Milliseconds from one call to the next, while there is a pace. */
async function paceMs(): Promise<number> {
  return Number(await data.redis.hget(`${data.keyPrefix}pace:${URL}`, 'ms'))
}

test('holds one endpoint for all, for as long as it asked, and no other', async () => {
  expect(await endpoints.waitFor(URL, NEED)).toMatchObject({ waitMs: 0, isProbe: false })
  expect(await endpoints.hold(URL, 3_600_000)).toBe(3_600_000)
  const held = await endpoints.waitFor(URL, NEED)
  expect(held).toMatchObject({ isGranted: false, why: 'held' })
  expect(held.waitMs).toBeGreaterThan(3_590_000)
  expect(await endpoints.waitFor('https://models.example/v1|small', NEED)).toMatchObject({ waitMs: 0, isProbe: false })
})

test('a shorter hold does not end a longer one', async () => {
  await endpoints.hold(URL, 60_000)
  expect(await endpoints.hold(URL, 1_000)).toBeGreaterThan(50_000)
  expect((await endpoints.waitFor(URL, NEED)).waitMs).toBeGreaterThan(50_000)
})

test('holds grow while the endpoint goes on refusing, up to 15 s, but calls that were refused together count once', async () => {
  expect(await endpoints.hold(URL, undefined)).toBe(500)
  const together = await Promise.all(Array.from({ length: 10 }, () => endpoints.hold(URL, undefined)))
  for (const ms of together) expect(ms).toBeLessThanOrEqual(500)
  for (const ms of [1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
    await endHold()
    expect(await endpoints.hold(URL, undefined)).toBe(ms)
  }
})

test('after a hold one caller goes first, and the others when it came through', async () => {
  await endpoints.hold(URL, 1)
  await vi.waitFor(async () => expect(await data.redis.exists(`${data.keyPrefix}hold:${URL}`)).toBe(0))
  const first = await Promise.all(Array.from({ length: 20 }, () => endpoints.waitFor(URL, NEED)))
  expect(first.filter((leave) => leave.isGranted)).toMatchObject([{ waitMs: 0, isProbe: true }])
  for (const { waitMs, isGranted } of first) expect(isGranted || (waitMs > 0 && waitMs <= 250)).toBe(true)
  await endpoints.release(URL)
  expect(await endpoints.waitFor(URL, NEED)).toMatchObject({ waitMs: 0, isProbe: false })
})

test('a prober that is refused holds everybody again, and the next one may try after that', async () => {
  await endpoints.hold(URL, undefined)
  await endHold()
  expect(await endpoints.waitFor(URL, NEED)).toMatchObject({ waitMs: 0, isProbe: true })
  await endpoints.hold(URL, undefined)
  expect((await endpoints.waitFor(URL, NEED)).waitMs).toBeGreaterThan(500)
  await endHold()
  expect(await endpoints.waitFor(URL, NEED)).toMatchObject({ waitMs: 0, isProbe: true })
})

test('a prober that could not tell lets another one try at once', async () => {
  await endpoints.hold(URL, undefined)
  await endHold()
  expect(await endpoints.waitFor(URL, NEED)).toMatchObject({ waitMs: 0, isProbe: true })
  await endpoints.passProbe(URL)
  expect(await endpoints.waitFor(URL, NEED)).toMatchObject({ waitMs: 0, isProbe: true })
  expect((await endpoints.waitFor(URL, NEED)).waitMs).toBeGreaterThan(0)
})

test('a released endpoint begins with short holds again', async () => {
  await endpoints.hold(URL, undefined)
  await endHold()
  await endpoints.hold(URL, undefined)
  await endpoints.release(URL)
  expect(await endpoints.hold(URL, undefined)).toBe(500)
})

test('after a limit all go at one pace, which grows with every success until they are at full speed', async () => {
  await endpoints.hold(URL, 1, true)
  await vi.waitFor(async () => expect(await endpoints.waitFor(URL, NEED)).toMatchObject({ isProbe: true }))
  await endpoints.release(URL)
  const turns = await Promise.all(Array.from({ length: 10 }, () => endpoints.waitFor(URL, NEED)))
  expect(turns.map(({ isGranted }) => isGranted)).toEqual([true, true, true, ...Array<boolean>(7).fill(false)])
  // Half a second from one call to the next, as far ahead as a second.
  for (const [at, { waitMs }] of turns.slice(0, 3).entries()) {
    expect(waitMs).toBeLessThanOrEqual(at * 500)
    expect(waitMs).toBeGreaterThan(at * 500 - 100)
  }
  for (let successes = 0; successes < 58; successes++) await endpoints.quicken(URL)
  expect(await paceMs()).toBeGreaterThan(1)
  await endpoints.quicken(URL)
  expect(await endpoints.waitFor(URL, NEED)).toMatchObject({ waitMs: 0, isGranted: true, isProbe: false, isPaced: false })
})

test('after a limit whose rate is known the pace is half of that, and never slower than where it is not', async () => {
  await endpoints.hold(URL, 1, true, 20)
  expect(await paceMs()).toBe(40)
  const slow = 'https://models.example/v1|slow'
  await endpoints.hold(slow, 1, true, 3_000)
  expect(Number(await data.redis.hget(`${data.keyPrefix}pace:${slow}`, 'ms'))).toBe(500)
})

test('a limit halves the pace once, however many calls ran into it; an outage leaves it', async () => {
  await Promise.all(Array.from({ length: 10 }, () => endpoints.hold(URL, 60_000, true)))
  expect(await paceMs()).toBe(500)
  await endHold()
  await endpoints.hold(URL, undefined)
  expect(await paceMs()).toBe(500)
  await endHold()
  await endpoints.hold(URL, 60_000, true)
  expect(await paceMs()).toBe(1_000)
})
