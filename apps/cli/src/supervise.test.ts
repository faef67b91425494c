import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { RunningApp } from './processes.ts'
import { restartPauseMs, supervise } from './supervise.ts'

test('pauses longer after each death in a row, up to half a minute', () => {
  expect([1, 2, 3, 7, 50].map(restartPauseMs)).toEqual([500, 1_000, 2_000, 30_000, 30_000])
})

test('starts again what dies, and stops it when told to', async () => {
  const stopped = new AbortController()
  const lines: string[] = []
  let starts = 0
  const start = () => (++starts === 1 ? ended(1) : running({ onStart: () => stopped.abort() }))
  const code = await supervise({ apps: [{ name: 'user', start }], say: (line) => lines.push(line), signal: stopped.signal })
  expect({ code, starts, lines }).toEqual({ code: 130, starts: 2, lines: ['user ended with code 1, starting it again in 0.5 s'] })
})

test('one that is set up wrongly ends all of them', async () => {
  let stops = 0
  const apps = [
    { name: 'user', start: () => ended(5) },
    { name: 'maker', start: () => running({ onStop: () => stops++ }) },
  ]
  expect(await supervise({ apps, say: () => undefined, signal: new AbortController().signal })).toBe(5)
  expect(stops).toBe(1)
})

function ended(code: number): RunningApp {
  return { app: 'user', pid: 1, exited: Promise.resolve(code), stop: () => Promise.resolve(code) }
}

function running({ onStart, onStop }: { onStart?: () => void; onStop?: () => void }): RunningApp {
  const { promise, resolve } = Promise.withResolvers<number>()
  if (onStart) void delay(1).then(onStart)
  const stop = () => {
    onStop?.()
    resolve(0)
    return promise
  }
  return { app: 'maker', pid: 1, exited: promise, stop }
}
