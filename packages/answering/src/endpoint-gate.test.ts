import type { Endpoints, Granted, Leave, Need, Refused } from '@toolwright/registry'
import type { LaterError } from '@toolwright/queues'
import { beforeEach, expect, test, vi } from 'vitest'
import { type EndpointGate, openEndpointGate } from './endpoint-gate.ts'

const never = new AbortController().signal
const NEED: Need = { purpose: 'answer', inputBytes: 10, replyLimit: 20 }
const FREE: Granted = {
  isGranted: true,
  waitMs: 0,
  isProbe: false,
  isPaced: false,
  isScout: false,
  perCallMs: 0,
  room: {},
  startsAt: 0,
  reserved: [],
}
const AWAY: Refused = { isGranted: false, waitMs: 60_000, why: 'held', perCallMs: 0 }

/** Says what it is told to, and writes down what it was asked. */
function scriptedEndpoints() {
  const asked: string[] = []
  const script: { leave: Leave; isHeld: boolean; holdMs: number } = { leave: FREE, isHeld: false, holdMs: 700 }
  const endpoints: Endpoints = {
    waitFor: async (endpoint) => {
      asked.push(`wait ${endpoint}`)
      return script.leave
    },
    settle: async (_endpoint, _need, _leave, { outcome }) => void asked.push(outcome),
    isHeld: async () => script.isHeld,
    hold: async (_endpoint, retryAfterMs, isLimit) => {
      asked.push(`hold ${retryAfterMs}${isLimit === true ? ', limit' : ''}`)
      return retryAfterMs ?? script.holdMs
    },
    quicken: async () => void asked.push('quicken'),
    passProbe: async () => void asked.push('pass probe'),
    release: async () => void asked.push('release'),
  }
  return { endpoints, script, asked }
}

let scripted: ReturnType<typeof scriptedEndpoints>
let gate: EndpointGate
beforeEach(() => {
  scripted = scriptedEndpoints()
  gate = openEndpointGate(scripted.endpoints, 'big')
})

test('lets any number of calls go while the endpoint takes them', async () => {
  const passes = await Promise.all(Array.from({ length: 200 }, () => gate.enter(NEED, never)))
  for (const pass of passes) await pass.succeeded({})
  expect(new Set(scripted.asked)).toEqual(new Set(['wait big', 'answered']))
})

test('sends calls to a held endpoint away until the hold is over', async () => {
  scripted.script.leave = AWAY
  await expect(gate.enter(NEED, never)).rejects.toMatchObject({ name: 'LaterError', delayMs: 60_000, message: 'big is held for 60000 ms' })
})

test('a call with a turn waits for it, and is sent away if somebody was refused meanwhile', async () => {
  scripted.script.leave = { ...FREE, waitMs: 40, isPaced: true }
  const startedAt = performance.now()
  const pass = await gate.enter(NEED, never)
  expect(performance.now() - startedAt).toBeGreaterThan(35)
  await pass.succeeded({})
  expect(scripted.asked).toEqual(['wait big', 'answered', 'quicken'])
  scripted.script.isHeld = true
  await expect(gate.enter(NEED, never)).rejects.toMatchObject({ name: 'LaterError', delayMs: 40 })
  expect(scripted.asked.at(-1)).toBe('unsent')
})

test('a call that is cancelled while it waits for its turn does not go, and gives its turn back', async () => {
  scripted.script.leave = { ...FREE, waitMs: 60_000, isPaced: true }
  const controller = new AbortController()
  const waiting = gate.enter(NEED, controller.signal)
  controller.abort(new Error('the process is stopping'))
  await expect(waiting).rejects.toThrow('aborted')
  expect(scripted.asked).toEqual(['wait big', 'unsent'])
  await expect(gate.enter(NEED, controller.signal)).rejects.toThrow('the process is stopping')
})

test('a refusal holds the endpoint for everybody, for as long as it asked, and says whether it was a limit', async () => {
  const [limited, away] = [await gate.enter(NEED, never), await gate.enter(NEED, never)]
  expect(await limited.refused({ outcome: 'refused' }, 5_000, true)).toBe(5_000)
  expect(await away.refused({ outcome: 'failed' }, undefined, false)).toBe(700)
  expect(scripted.asked.slice(2)).toEqual(['hold 5000, limit', 'refused', 'hold undefined', 'failed'])
})

test('a probe that meets the limit still says nothing of the pace: none was tried', async () => {
  scripted.script.leave = { ...FREE, isProbe: true }
  await (await gate.enter(NEED, never)).refused({ outcome: 'refused' }, 1_000, true)
  expect(scripted.asked).toContain('hold 1000')
})

test('a probe that comes through opens the endpoint for all; an ordinary success does not need to', async () => {
  await (await gate.enter(NEED, never)).succeeded({})
  expect(scripted.asked).not.toContain('release')
  scripted.script.leave = { ...FREE, isProbe: true }
  await (await gate.enter(NEED, never)).succeeded({})
  expect(scripted.asked.at(-1)).toBe('release')
})

test('a probe that says nothing about the endpoint is passed on', async () => {
  scripted.script.leave = { ...FREE, isProbe: true }
  await (await gate.enter(NEED, never)).left({ outcome: 'unsent' })
  expect(scripted.asked.at(-1)).toBe('pass probe')
})

test('a probe goes though the endpoint still counts as held', async () => {
  scripted.script.leave = { ...FREE, waitMs: 5, isProbe: true }
  scripted.script.isHeld = true
  await (await gate.enter(NEED, never)).succeeded({})
  expect(scripted.asked).toEqual(['wait big', 'answered', 'release'])
})

test('a probe that is cancelled while it waits for its turn is passed on', async () => {
  scripted.script.leave = { ...FREE, waitMs: 60_000, isProbe: true }
  const controller = new AbortController()
  const waiting = gate.enter(NEED, controller.signal)
  controller.abort(new Error('the process is stopping'))
  await expect(waiting).rejects.toThrow('aborted')
  await vi.waitFor(() => expect(scripted.asked).toEqual(['wait big', 'unsent', 'pass probe']))
})

test('when the limits have no room, one call of the process asks for all, and all come back at moments of their own', async () => {
  scripted.script.leave = { ...AWAY, why: 'full', waitMs: 3_000, perCallMs: 100 }
  const ends = await Promise.allSettled([gate.enter(NEED, never)])
  ends.push(...(await Promise.allSettled(Array.from({ length: 200 }, () => gate.enter(NEED, never)))))
  expect(scripted.asked).toEqual(['wait big'])
  const errors = ends.map((end) => (end.status === 'rejected' ? (end.reason as LaterError) : null))
  for (const error of errors) {
    expect(error).toMatchObject({ name: 'LaterError' })
    expect(error!.delayMs).toBeGreaterThan(2_000)
    expect(error!.delayMs).toBeLessThanOrEqual(3_000)
  }
  // A quarter of what it takes to serve all that are away.
  expect(errors[0]!.spreadMs).toBe(25)
  expect(errors[200]!.spreadMs).toBe(201 * 25)
})

test('while nothing is known of the endpoint, calls wait for the first reply, and one asks for all', async () => {
  const until = performance.now() + 200
  scripted.script.leave = { ...AWAY, why: 'unknown', waitMs: 20 }
  const entering = Promise.all(Array.from({ length: 50 }, () => gate.enter(NEED, never)))
  await vi.waitFor(() => expect(performance.now()).toBeGreaterThan(until))
  const { length } = scripted.asked
  // Each once, and one again and again.
  expect(length).toBeGreaterThan(51)
  expect(length).toBeLessThan(80)
  scripted.script.leave = FREE
  expect(await entering).toHaveLength(50)
})

test('a call that is cancelled while nothing is known of the endpoint does not wait for the others', async () => {
  scripted.script.leave = { ...AWAY, why: 'unknown', waitMs: 4_000 }
  const controller = new AbortController()
  const first = gate.enter(NEED, controller.signal)
  const second = gate.enter(NEED, controller.signal)
  controller.abort(new Error('the process is stopping'))
  await expect(first).rejects.toThrow('aborted')
  await expect(second).rejects.toThrow('aborted')
})
