import type { Endpoints } from '@toolwright/registry'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type EndpointGate, openEndpointGate, type Pass } from './endpoint-gate.ts'

const never = new AbortController().signal

/** Says what it is told to, and writes down what it was asked. */
function scriptedEndpoints() {
  const asked: string[] = []
  const script = { waitMs: 0, isProbe: false, holdMs: 700 }
  const endpoints: Endpoints = {
    waitFor: async (endpoint) => {
      asked.push(`wait ${endpoint}`)
      return { waitMs: script.waitMs, isProbe: script.isProbe }
    },
    hold: async (_endpoint, retryAfterMs) => {
      asked.push(`hold ${retryAfterMs}`)
      return retryAfterMs ?? script.holdMs
    },
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
afterEach(() => {
  vi.useRealTimers()
})

async function enter(count: number): Promise<Pass[]> {
  return await Promise.all(Array.from({ length: count }, () => gate.enter(never)))
}

/** What has become of a promise by now. */
async function stateOf(promise: Promise<unknown>): Promise<'waits' | 'in' | 'refused'> {
  const settled = promise.then(
    () => 'in' as const,
    () => 'refused' as const,
  )
  await vi.advanceTimersByTimeAsync(0)
  return await Promise.race([settled, Promise.resolve('waits' as const).then((state) => state)])
}

test('lets any number of calls go while the endpoint takes them', async () => {
  const passes = await enter(200)
  for (const pass of passes) await pass.succeeded()
  expect(new Set(scripted.asked)).toEqual(new Set(['wait big']))
})

test('sends calls to a held endpoint away until the hold is over, and keeps no place for them', async () => {
  scripted.script.waitMs = 60_000
  await expect(gate.enter(never)).rejects.toMatchObject({ name: 'LaterError', delayMs: 60_000, message: 'big is held for 60000 ms' })
  scripted.script.waitMs = 0
  const [pass] = await enter(1)
  await pass!.refused(undefined)
  // Were a place still taken, the window of one would be full.
  await expect(gate.enter(never)).resolves.toBeDefined()
})

test('a refusal holds the endpoint for everybody, for as long as it asked', async () => {
  const [one, other] = await enter(2)
  expect(await one!.refused(5_000)).toBe(5_000)
  expect(await other!.refused(undefined)).toBe(700)
  expect(scripted.asked.slice(2)).toEqual(['hold 5000', 'hold undefined'])
})

test('after a refusal calls go one at a time, then one more with every success', async () => {
  vi.useFakeTimers()
  const passes = await enter(3)
  await passes[0]!.refused(undefined)
  const first = gate.enter(never)
  expect(await stateOf(first)).toBe('waits')
  await passes[1]!.left()
  expect(await stateOf(first)).toBe('waits')
  await passes[2]!.left()
  expect(await stateOf(first)).toBe('in')

  const [second, third, fourth] = [gate.enter(never), gate.enter(never), gate.enter(never)]
  expect(await stateOf(second)).toBe('waits')
  await (await first).succeeded()
  expect([await stateOf(second), await stateOf(third), await stateOf(fourth)]).toEqual(['in', 'in', 'waits'])
  await (await second).refused(undefined)
  expect(await stateOf(fourth)).toBe('waits')
  await (await third).left()
  expect(await stateOf(fourth)).toBe('in')
})

test('gives the place in the queue back after a second', async () => {
  vi.useFakeTimers()
  const [pass, other] = await enter(2)
  await pass!.refused(undefined)
  const waiting = gate.enter(never).catch((error: unknown) => error)
  await vi.advanceTimersByTimeAsync(999)
  expect(await stateOf(waiting)).toBe('waits')
  await vi.advanceTimersByTimeAsync(1)
  expect(await waiting).toMatchObject({ name: 'LaterError', delayMs: 1_000 })
  await other!.left()
  // The one that gave up takes no place.
  await expect(gate.enter(never)).resolves.toBeDefined()
})

test('a call that is cancelled while it waits leaves the queue', async () => {
  const [pass, other] = await enter(2)
  await pass!.refused(undefined)
  const controller = new AbortController()
  const waiting = gate.enter(controller.signal)
  controller.abort(new Error('the process is stopping'))
  await expect(waiting).rejects.toThrow('the process is stopping')
  await expect(gate.enter(controller.signal)).rejects.toThrow('the process is stopping')
  await other!.left()
  await expect(gate.enter(never)).resolves.toBeDefined()
})

test('a probe that comes through opens the endpoint for all; an ordinary success does not need to', async () => {
  const [ordinary] = await enter(1)
  await ordinary!.succeeded()
  expect(scripted.asked).not.toContain('release')
  scripted.script.isProbe = true
  const [probe] = await enter(1)
  await probe!.succeeded()
  expect(scripted.asked.at(-1)).toBe('release')
})

test('a probe that says nothing about the endpoint is passed on', async () => {
  scripted.script.isProbe = true
  const [probe] = await enter(1)
  await probe!.left()
  expect(scripted.asked.at(-1)).toBe('pass probe')
})
