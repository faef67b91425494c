import { describe, expect, test } from 'vitest'
import { openCredit } from './credit.ts'

const STILL = { read: 0, bytesRead: 0, written: 0, answered: 0, activeRuns: 1, isPaused: false }

/** A run whose clock stands still unless it is moved. */
function run() {
  const state = { ...STILL, waiting: 0, isIdle: false, nowMs: 0, hasRoom: true }
  const credit = openCredit({
    standing: () => state,
    waiting: () => Promise.resolve(state.waiting),
    isIdle: () => Promise.resolve(state.isIdle),
    room: { isLeft: () => Promise.resolve(state.hasRoom), whenLeft: (write) => write() },
    now: () => state.nowMs,
  })
  return {
    state,
    /** Whether it may read on at once. */
    mayRead: async () => {
      const stop = new AbortController()
      const first = await Promise.race([
        credit(stop.signal).then(() => true),
        new Promise<boolean>((done) => setTimeout(() => done(false), 20)),
      ])
      stop.abort()
      return first
    },
    /** How many lines of 100 bytes it reads before it has to wait. */
    fill: async (step = 256) => {
      const from = state.read
      const stop = new AbortController()
      for (;;) {
        const first = await Promise.race([
          credit(stop.signal).then(() => true),
          new Promise<boolean>((done) => setTimeout(() => done(false), 20)),
        ])
        if (!first) break
        state.read += step
        state.bytesRead += step * 100
      }
      stop.abort()
      return state.read - from
    },
  }
}

describe('a run reads on', () => {
  test('by some hundred lines while nothing is known of its pace', async () => {
    expect(await run().fill(1)).toBe(256)
  })

  test('by what it had answered lately, and no more once that is over', async () => {
    const { state, fill } = run()
    await fill()
    Object.assign(state, { answered: 3_000, written: 3_000, read: 3_000, nowMs: 1_000 })
    expect(await fill(1)).toBe(3_000)
    state.nowMs = 7_000
    expect(await fill(1)).toBe(0)
    Object.assign(state, { answered: 5_900, written: 5_900, nowMs: 9_000 })
    expect(await fill(1)).toBe(2_800)
    Object.assign(state, { answered: 6_100, written: 6_100, nowMs: 14_500 })
    expect(await fill(1)).toBe(0)
  })

  test('whatever its pace, where nothing waits for a worker, up to its share', async () => {
    const { state, fill } = run()
    state.isIdle = true
    expect(await fill(100)).toBe(20_000)
    const shared = run()
    Object.assign(shared.state, { isIdle: true, activeRuns: 4 })
    expect(await shared.fill(100)).toBe(5_000)
    const crowd = run()
    Object.assign(crowd.state, { isIdle: true, activeRuns: 1_000 })
    expect(await crowd.fill(100)).toBe(400)
  })

  test('beside lines that wait for tools, of which half its share may be', async () => {
    const { state, mayRead } = run()
    Object.assign(state, { read: 9_000, waiting: 8_800, bytesRead: 900_000 })
    expect(await mayRead()).toBe(true)
    Object.assign(state, { read: 10_500, waiting: 10_000 })
    expect(await mayRead()).toBe(false)
  })

  test('not while it is paused, or Redis is full', async () => {
    const { state, mayRead } = run()
    state.isPaused = true
    expect(await mayRead()).toBe(false)
    state.isPaused = false
    expect(await mayRead()).toBe(true)
    state.hasRoom = false
    expect(await mayRead()).toBe(false)
  })

  test('by fewer lines where they are large', async () => {
    const { state, mayRead } = run()
    Object.assign(state, { isIdle: true, read: 200, bytesRead: 200 * 1_000_000 })
    expect(await mayRead()).toBe(false)
    state.read = 99
    expect(await mayRead()).toBe(true)
  })
})
