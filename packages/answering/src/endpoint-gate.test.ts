import type { Endpoints, Leave } from '@toolwright/registry'
import { beforeEach, expect, test } from 'vitest'
import { type EndpointGate, openEndpointGate } from './endpoint-gate.ts'

const never = new AbortController().signal
const FREE: Leave = { waitMs: 0, isReserved: true, isProbe: false, isPaced: false }

/** Says what it is told to, and writes down what it was asked. */
function scriptedEndpoints() {
  const asked: string[] = []
  const script = { leave: FREE, isHeld: false, holdMs: 700 }
  const endpoints: Endpoints = {
    waitFor: async (endpoint) => {
      asked.push(`wait ${endpoint}`)
      return script.leave
    },
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
  const passes = await Promise.all(Array.from({ length: 200 }, () => gate.enter(never)))
  for (const pass of passes) await pass.succeeded()
  expect(new Set(scripted.asked)).toEqual(new Set(['wait big']))
})

test('sends calls to a held endpoint away until the hold is over', async () => {
  scripted.script.leave = { ...FREE, waitMs: 60_000, isReserved: false }
  await expect(gate.enter(never)).rejects.toMatchObject({ name: 'LaterError', delayMs: 60_000, message: 'big is held for 60000 ms' })
})

test('a call with a turn waits for it, and is sent away if somebody was refused meanwhile', async () => {
  scripted.script.leave = { ...FREE, waitMs: 40, isPaced: true }
  const startedAt = performance.now()
  const pass = await gate.enter(never)
  expect(performance.now() - startedAt).toBeGreaterThan(35)
  await pass.succeeded()
  expect(scripted.asked).toEqual(['wait big', 'quicken'])
  scripted.script.isHeld = true
  await expect(gate.enter(never)).rejects.toMatchObject({ name: 'LaterError', delayMs: 40 })
})

test('a call that is cancelled while it waits for its turn does not go', async () => {
  scripted.script.leave = { ...FREE, waitMs: 60_000, isPaced: true }
  const controller = new AbortController()
  const waiting = gate.enter(controller.signal)
  controller.abort(new Error('the process is stopping'))
  await expect(waiting).rejects.toThrow('aborted')
  await expect(gate.enter(controller.signal)).rejects.toThrow('the process is stopping')
})

test('a refusal holds the endpoint for everybody, for as long as it asked, and says whether it was a limit', async () => {
  const [limited, away] = [await gate.enter(never), await gate.enter(never)]
  expect(await limited.refused(5_000, true)).toBe(5_000)
  expect(await away.refused(undefined, false)).toBe(700)
  expect(scripted.asked.slice(2)).toEqual(['hold 5000, limit', 'hold undefined'])
})

test('a probe that meets the limit still says nothing of the pace: none was tried', async () => {
  scripted.script.leave = { ...FREE, isProbe: true }
  await (await gate.enter(never)).refused(1_000, true)
  expect(scripted.asked.at(-1)).toBe('hold 1000')
})

test('a probe that comes through opens the endpoint for all; an ordinary success does not need to', async () => {
  await (await gate.enter(never)).succeeded()
  expect(scripted.asked).not.toContain('release')
  scripted.script.leave = { ...FREE, isProbe: true }
  await (await gate.enter(never)).succeeded()
  expect(scripted.asked.at(-1)).toBe('release')
})

test('a probe that says nothing about the endpoint is passed on', async () => {
  scripted.script.leave = { ...FREE, isProbe: true }
  await (await gate.enter(never)).left()
  expect(scripted.asked.at(-1)).toBe('pass probe')
})
