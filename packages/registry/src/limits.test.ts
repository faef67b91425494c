import * as fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { SCOUTS } from './endpoint-scripts.ts'
import type { Endpoints, Granted, Heard, Leave, MinuteLimits, Need } from './endpoints.ts'
import { openRegistry } from './registry.ts'
import { openTestRegistry, type TestRegistry } from './testing.ts'

const URL = 'https://models.example/v1|big'
const NEED: Need = { purpose: 'answer', inputBytes: 600, replyLimit: 4_096 }
/** What such a call really uses. */
const USAGE = { input: 150, output: 7 }
/** A slot and what calls count beyond their window, as a part of it. */
const SLOT = 1 / 60

let data: TestRegistry
let endpoints: Endpoints
beforeEach(() => {
  data = openTestRegistry()
  endpoints = data.registry.endpoints
})
afterEach(() => data.close())

function granted(leave: Leave): Granted {
  if (!leave.isGranted) throw new Error(`no leave: ${JSON.stringify(leave)}`)
  return leave
}

async function enter(need = NEED, limits?: MinuteLimits): Promise<Granted> {
  return granted(await endpoints.waitFor(URL, need, limits))
}

/** One call that is heard of; the first tells the limits. */
async function learn(announced: Heard['announced'], usage: Heard['usage'] = USAGE): Promise<void> {
  await endpoints.settle(URL, NEED, await enter(), { outcome: 'answered', usage, announced })
}

/** Forgets what calls have taken of the limits, as if a long time had passed. */
async function idle(): Promise<void> {
  await data.redis.del(`${data.keyPrefix}taken:${URL}`)
}

async function redisNow(): Promise<number> {
  const [seconds, micros] = await data.redis.time()
  return Number(seconds) * 1000 + Number(micros) / 1000
}

async function untilAfter(redisMs: number): Promise<void> {
  await vi.waitFor(async () => expect(await redisNow()).toBeGreaterThan(redisMs), { timeout: 5_000, interval: 50 })
}

describe('an endpoint of which nothing is known', () => {
  test('is sent a few calls until the first reply, and after it any number where that announced nothing', async () => {
    const leaves = await Promise.all(Array.from({ length: 30 }, () => endpoints.waitFor(URL, NEED)))
    const scouts = leaves.filter((leave) => leave.isGranted)
    expect(scouts).toHaveLength(SCOUTS)
    for (const leave of leaves) expect(leave).toMatchObject(leave.isGranted ? { waitMs: 0, isScout: true } : { why: 'unknown' })
    await endpoints.settle(URL, NEED, scouts[0]!, { outcome: 'answered', usage: USAGE })
    const after = await Promise.all(Array.from({ length: 300 }, () => endpoints.waitFor(URL, NEED)))
    for (const leave of after) expect(leave).toMatchObject({ isGranted: true, waitMs: 0, isScout: false, room: {}, reserved: [] })
    expect(await data.redis.exists(`${data.keyPrefix}taken:${URL}`)).toBe(0)
  })

  test('a scout that ended without news makes room for another', async () => {
    const scouts = await Promise.all(Array.from({ length: SCOUTS }, () => enter()))
    for (const [at, outcome] of (['lost', 'unsent', 'failed'] as const).entries()) {
      expect(await endpoints.waitFor(URL, NEED)).toMatchObject({ why: 'unknown' })
      await endpoints.settle(URL, NEED, scouts[at]!, { outcome })
      expect(await endpoints.waitFor(URL, NEED)).toMatchObject({ isScout: true })
    }
    expect(await endpoints.waitFor(URL, NEED)).toMatchObject({ why: 'unknown' })
  })

  test('a refusal tells the limits too, and calls that went before anybody knew of them count', async () => {
    const scouts = await Promise.all(Array.from({ length: 5 }, () => enter()))
    await endpoints.settle(URL, NEED, scouts[0]!, { outcome: 'refused', announced: { requests: { limit: 60, windowMs: 60_000 } } })
    expect((await enter()).room).toEqual({ requests: { free: 54, limit: 60 } })
  })
})

describe('a limit on requests', () => {
  test('lets a burst through that fills it, and then one after the other at its own rate', async () => {
    await learn({ requests: { limit: 40, windowMs: 1_000 } })
    await idle()
    const before = await redisNow()
    const starts: number[] = []
    for (let at = 0; at < 160; at++) {
      starts.push((await enter()).startsAt - before)
    }
    const tookMs = (await redisNow()) - before
    expect(starts[39]).toBeLessThanOrEqual(tookMs)
    // Then smoothly, not burst after burst: at any moment after the first window no more than a slot's share and a call begin together.
    for (let at = 40; at < 160; at++) {
      expect(starts[at]! - starts[at - 40]!).toBeGreaterThanOrEqual(1_000)
    }
    for (let at = 50; at < 160; at++) expect(starts[at]! - starts[at - 10]!).toBeGreaterThan(150)
    expect(starts[159]).toBeLessThan(tookMs + 4_000 / 0.95)
  })

  test('is one for all processes, whatever number asks at once', async () => {
    await learn({ requests: { limit: 100, windowMs: 60_000 } })
    await idle()
    const processes = Array.from({ length: 4 }, () => new Redis(process.env['REDIS_URL']!))
    try {
      const registries = processes.map((redis) => openRegistry({ redis, keyPrefix: data.keyPrefix }))
      const leaves = await Promise.all(
        Array.from({ length: 400 }, (_, at) =>
          registries[at % 4]!.endpoints.waitFor(URL, { ...NEED, purpose: at % 8 < 4 ? 'answer' : 'propose' }),
        ),
      )
      expect(leaves.filter((leave) => leave.isGranted && leave.waitMs === 0)).toHaveLength(100)
      expect(leaves.filter((leave) => leave.isGranted)).toHaveLength(100)
    } finally {
      for (const redis of processes) redis.disconnect()
    }
  })

  test('whoever would wait longer than 5 s is sent away, and so is everybody until there is room for several', async () => {
    await learn({ requests: { limit: 60, windowMs: 6_000 } })
    await idle()
    const leaves: Leave[] = []
    while (leaves.at(-1)?.isGranted !== false) leaves.push(await endpoints.waitFor(URL, NEED))
    const away = leaves.at(-1)!
    expect(leaves).toHaveLength(61)
    expect(away).toMatchObject({ why: 'full', perCallMs: 100 })
    // Room in 6.2 s, and then for calls over 2.5 s.
    expect(away.waitMs).toBeGreaterThan(3_300)
    expect(away.waitMs).toBeLessThan(3_900)
  })

  test('that is set holds whatever is announced, and two models have each their own', async () => {
    await learn({ requests: { limit: 1_000, windowMs: 60_000 } })
    await idle()
    expect((await enter(NEED, { requests: 3 })).room).toEqual({ requests: { free: 2, limit: 3 } })
    await enter(NEED, { requests: 3 })
    await enter(NEED, { requests: 3 })
    expect(await endpoints.waitFor(URL, NEED, { requests: 3 })).toMatchObject({ why: 'full' })
    expect(await endpoints.waitFor(`${URL}ger`, NEED, { requests: 3 })).toMatchObject({ isGranted: true, waitMs: 0 })
  })

  test('a reservation that is given back is free again; a call that failed has used its request', async () => {
    const limits = { requests: 2 }
    const [one, other] = [await enter(NEED, limits), await enter(NEED, limits)]
    await endpoints.settle(URL, NEED, one, { outcome: 'failed' })
    expect(await endpoints.waitFor(URL, NEED, limits)).toMatchObject({ why: 'full' })
    await endpoints.settle(URL, NEED, other, { outcome: 'unsent' })
    await expect(endpoints.waitFor(URL, NEED, limits)).resolves.toMatchObject({ waitMs: 0, room: { requests: { free: 0, limit: 2 } } })
  })

  test('a call that left later than it should have counts for longer', async () => {
    await learn({ requests: { limit: 1, windowMs: 6_000 } })
    await idle()
    const first = await enter()
    const { startsAt } = first
    await endpoints.settle(URL, NEED, first, { outcome: 'answered', usage: USAGE, lateMs: 1_500 })
    const away = await endpoints.waitFor(URL, NEED)
    expect(away).toMatchObject({ why: 'full' })
    // Those away come back when there is room within 2.5 s.
    const roomAt = (await redisNow()) + away.waitMs + 2_500
    expect(roomAt - startsAt).toBeGreaterThanOrEqual(7_500)
    expect(roomAt - startsAt).toBeLessThan(8_100)
  })

  test('what others have used of it is gone for us too, once, however many replies say so', async () => {
    await learn({ requests: { limit: 100, windowMs: 60_000 } })
    await idle()
    const calls = await Promise.all(Array.from({ length: 10 }, () => enter()))
    // At the time of the tenth call 70 are left where we thought 90.
    for (const [at, leave] of calls.entries())
      await endpoints.settle(URL, NEED, leave, {
        outcome: 'answered',
        usage: USAGE,
        announced: { requests: { limit: 100, remaining: 79 - at, windowMs: 60_000 } },
      })
    expect((await enter()).room.requests).toEqual({ free: 69, limit: 100 })
  })

  test('a reply that comes late says nothing of what has come free since its call', async () => {
    const limit = { limit: 10, windowMs: 2_000 }
    await learn({ requests: limit })
    await idle()
    const half = () => Promise.all(Array.from({ length: 5 }, () => enter()))
    const begunAt = (await half())[0]!.startsAt
    await untilAfter(begunAt + 1_200)
    const later = await half()
    // By now the first half counts no more.
    await untilAfter(begunAt + 2_900)
    const before = (await enter()).room.requests!.free
    expect(before).toBeGreaterThanOrEqual(4)
    for (const [at, leave] of later.entries())
      await endpoints.settle(URL, NEED, leave, {
        outcome: 'answered',
        usage: USAGE,
        announced: { requests: { ...limit, remaining: 4 - at } },
      })
    expect((await enter()).room.requests!.free).toBeGreaterThanOrEqual(before - 1)
  })

  test('more left than we thought is not believed: calls of ours may be under way', async () => {
    await learn({ requests: { limit: 100, windowMs: 60_000 } })
    await idle()
    const calls = await Promise.all(Array.from({ length: 10 }, () => enter()))
    await endpoints.settle(URL, NEED, calls[9]!, {
      outcome: 'answered',
      usage: USAGE,
      announced: { requests: { limit: 100, remaining: 99, windowMs: 60_000 } },
    })
    expect((await enter()).room.requests).toEqual({ free: 89, limit: 100 })
  })

  test('a probe after an outage takes its place under the limit too, and takes no turn when there is none', async () => {
    const limits = { requests: 1 }
    await endpoints.hold(URL, undefined)
    await data.redis.del(`${data.keyPrefix}hold:${URL}`)
    expect(await enter(NEED, limits)).toMatchObject({ isProbe: true, room: { requests: { free: 0, limit: 1 } } })
    await endpoints.passProbe(URL)
    expect(await endpoints.waitFor(URL, NEED, limits)).toMatchObject({ why: 'full' })
    expect(await data.redis.hget(`${data.keyPrefix}probe:${URL}`, 'probeUntil')).toBeNull()
  })
})

function tokens(remaining?: number) {
  return { tokens: { limit: 100_000, remaining, windowMs: 60_000 } }
}

describe('a limit on tokens', () => {
  test('is reserved from by the most that a call can use until replies tell, then by what they use on average, and how much that varies', async () => {
    const limits = { tokens: 100_000 }
    const first = await enter(NEED, limits)
    expect(first.room.tokens).toEqual({ free: 100_000 - 200 - 4_096, limit: 100_000 })
    await endpoints.settle(URL, NEED, first, { outcome: 'answered', usage: USAGE })
    // What was too much is given back.
    const second = await enter(NEED, limits)
    expect(second.room.tokens!.free).toBe(100_000 - 157 - Math.ceil(157 * 1.2))
    // Another purpose uses otherwise.
    const other = await enter({ ...NEED, purpose: 'propose', inputBytes: 300 }, limits)
    expect(other.room.tokens!.free).toBe(second.room.tokens!.free - 100 - 4_096)
  })

  test('a call that used more than was reserved is charged for it; one without usage keeps what it reserved', async () => {
    const limits = { tokens: 100_000 }
    await endpoints.settle(URL, NEED, await enter(NEED, limits), { outcome: 'answered', usage: USAGE })
    await endpoints.settle(URL, NEED, await enter(NEED, limits), { outcome: 'answered', usage: { input: 150, output: 4_000 } })
    const { room } = await enter(NEED, limits)
    const reserved = Math.ceil(150 + (7 + 0.1 * 3_993) + (0.9 * 31.4 + 0.1 * 3_993))
    expect(room.tokens!.free).toBe(100_000 - 157 - 4_150 - reserved)
    const lost = await enter(NEED, limits)
    await endpoints.settle(URL, NEED, lost, { outcome: 'answered', usage: null })
    expect((await enter(NEED, limits)).room.tokens!.free).toBe(100_000 - 157 - 4_150 - 3 * reserved)
  })

  test('one that counts what is used is found out by the first reply', async () => {
    await learn(tokens(100_000 - 157))
    expect((await enter()).room.tokens!.free).toBe(100_000 - 157 - Math.ceil(157 * 1.2))
  })

  test('one that counts what is used is found out by calls that went together, whoever else uses it, and in whatever order they came in', async () => {
    let left = 60_000
    for (const calls of [SCOUTS, 40]) {
      const together = await Promise.all(Array.from({ length: calls }, () => enter()))
      for (const [at, leave] of together.entries()) {
        const announced = tokens(left - ((at * 5) % calls) * 157)
        await endpoints.settle(URL, NEED, leave, { outcome: 'answered', usage: USAGE, announced })
      }
      left -= calls * 157
    }
    const before = (await enter()).room.tokens!.free
    expect(before - (await enter()).room.tokens!.free).toBe(158)
  })

  test('one that counts the limit of each reply is taken at its word, in whatever order its replies come', async () => {
    const counted = 150 + 4_096
    const scouts = await Promise.all(Array.from({ length: SCOUTS }, () => enter()))
    for (const [at, leave] of scouts.entries())
      await endpoints.settle(URL, NEED, leave, {
        outcome: 'answered',
        usage: USAGE,
        announced: tokens(100_000 - (1 + ((at * 5) % SCOUTS)) * counted),
      })
    for (let n = SCOUTS + 1; n <= 20; n++) {
      const leave = await enter()
      expect(leave.room.tokens!.free).toBeLessThanOrEqual(100_000 - n * counted)
      await endpoints.settle(URL, NEED, leave, { outcome: 'answered', usage: USAGE, announced: tokens(100_000 - n * counted) })
    }
    expect((await enter()).room.tokens!.free).toBeLessThanOrEqual(100_000 - 21 * counted)
  })

  test('a call that is larger than the limit goes when nothing else does', async () => {
    const limits = { tokens: 1_000 }
    expect(await enter(NEED, limits)).toMatchObject({ waitMs: 0, room: { tokens: { free: 0, limit: 1_000 } } })
    expect(await endpoints.waitFor(URL, NEED, limits)).toMatchObject({ why: 'full' })
  })
})

/** Tokens of the largest call. */
const LARGEST = 1_000

interface Asked {
  bytes: number
  /** What is used of what was reserved; null: nothing left for the endpoint. */
  used: number | null
  /** Whether the reply is there before the next call asks. */
  isSettledAtOnce: boolean
}

test(
  'against a model of it: no window ever holds more than the limits, and nobody waits much longer than they ask for',
  { timeout: 120_000 },
  async () => {
    const asked = fc.record({
      bytes: fc.integer({ min: 3, max: LARGEST * 3 }),
      used: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { freq: 8 }),
      isSettledAtOnce: fc.boolean(),
    })
    const limits = fc.record({
      requests: fc.integer({ min: 1, max: 60 }),
      tokens: fc.integer({ min: 1_000, max: 20_000 }),
      windowMs: fc.integer({ min: 300, max: 1_500 }),
    })
    await fc.assert(
      fc.asyncProperty(limits, fc.array(asked, { minLength: 20, maxLength: 150 }), async (limit, calls) => {
        await data.redis.del(`${data.keyPrefix}limits:${URL}`, `${data.keyPrefix}taken:${URL}`)
        await learn({
          requests: { limit: limit.requests, windowMs: limit.windowMs },
          tokens: { limit: limit.tokens, windowMs: limit.windowMs },
        })
        await idle()
        const { isLate, mostRequests, mostTokens } = await play(limit, calls)
        expect(isLate).toBe(false)
        expect(mostRequests).toBeLessThanOrEqual(limit.requests)
        expect(mostTokens).toBeLessThanOrEqual(limit.tokens)
      }),
      { numRuns: 40 },
    )
  },
)

interface Played {
  /** A call waits longer than the model's, or goes before one that asked before it. */
  isLate: boolean
  /** In any window. */
  mostRequests: number
  mostTokens: number
}

async function play(
  { requests, tokens: limit, windowMs }: { requests: number; tokens: number; windowMs: number },
  calls: Asked[],
): Promise<Played> {
  const begunAt = await redisNow()
  const gone: { start: number; tokens: number }[] = []
  let reserved = 0
  let isLate = false
  for (const [at, { bytes, used, isSettledAtOnce }] of calls.entries()) {
    // Of a purpose of its own, so that what is reserved is known here.
    const need = { ...NEED, purpose: `purpose-${at}`, inputBytes: bytes, replyLimit: 0 }
    const leave = await endpoints.waitFor(URL, need)
    if (!leave.isGranted) break
    const cost = Math.min(limit, Math.ceil(bytes / 3))
    // The model: all that was reserved so far, at the limits' own rate, and the slots that are counted for caution.
    reserved += cost
    const windows = Math.max(0, (at + 1) / requests - 1, (reserved + LARGEST) / limit - 1)
    const modelMs = (Math.ceil(windows) * (1 + 3 * SLOT) + windows) * windowMs
    isLate ||= leave.startsAt < (gone.at(-1)?.start ?? 0) || leave.startsAt - begunAt > modelMs + ((await redisNow()) - begunAt)
    const actual = used === null ? 0 : Math.floor(cost * used)
    if (isSettledAtOnce)
      await endpoints.settle(
        URL,
        need,
        leave,
        used === null ? { outcome: 'unsent' } : { outcome: 'answered', usage: { input: actual, output: 0 } },
      )
    if (used !== null || !isSettledAtOnce) gone.push({ start: leave.startsAt, tokens: isSettledAtOnce ? actual : cost })
  }
  const windows = gone.map(({ start }) => gone.filter((one) => one.start >= start && one.start < start + windowMs))
  return {
    isLate,
    mostRequests: Math.max(0, ...windows.map(({ length }) => length)),
    mostTokens: Math.max(0, ...windows.map((inWindow) => inWindow.reduce((sum, one) => sum + one.tokens, 0))),
  }
}
