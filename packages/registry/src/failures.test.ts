import { type Line, RunSettings } from '@toolwright/contracts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestRegistry, type TestRegistry } from './testing.ts'

const RUN = 'r-aaaaaaaaaa'
const SETTINGS = RunSettings.parse({ v: 1 })

let data: TestRegistry
beforeEach(() => {
  data = openTestRegistry()
})
afterEach(() => data.close())

function line(seq: number, more: Partial<Line> = {}): Line {
  return { seq, customId: `id-${seq}`, text: `text ${seq}`, frame: '', hop: 3, ...more }
}

async function kept() {
  return await Array.fromAsync(data.registry.failures.read(RUN))
}

test('requests that failed are kept as they came, once, in the order of the input', async () => {
  const { failures, runs } = data.registry
  await runs.open(RUN, SETTINGS, '-')
  const frame = { messages: [{ role: 'system', content: 'Be short.' }] }
  await runs.saveFrames(RUN, new Map([['f', frame]]))
  await failures.keep(RUN, [line(11, { frame: 'f', kindName: 'a', kind: 'k-a-000000' }), line(2, { target: 'x' })])
  await failures.keep(RUN, [line(2, { text: 'another' })])
  expect(await kept()).toEqual([
    { v: 1, line: { seq: 2, customId: 'id-2', text: 'text 2', target: 'x' }, frame: null },
    { v: 1, line: { seq: 11, customId: 'id-11', text: 'text 11', kindName: 'a' }, frame },
  ])
  await failures.drop(RUN)
  expect([await failures.count(RUN), await kept()]).toEqual([0, []])
})

test('no more of them are kept than there is room for, and none whose frame is gone', async () => {
  const { failures, runs } = data.registry
  await runs.open(RUN, SETTINGS, '-')
  const large = 'x'.repeat(900_000)
  for (let seq = 0; seq < 40; seq++) await failures.keep(RUN, [line(seq, { text: large })])
  expect(await failures.count(RUN)).toBe(35)
  await failures.keep(RUN, [line(50), line(51, { frame: 'gone' })])
  expect((await kept()).at(-1)!.line.seq).toBe(50)
})

test('they go some time after their run, with the run when it is forgotten, and nothing comes after that', async () => {
  const { failures, runs } = data.registry
  await runs.open(RUN, SETTINGS, '-')
  await failures.keep(RUN, [line(1)])
  await runs.finish(RUN, {})
  const seconds = await data.redis.ttl(`${data.keyPrefix}run:${RUN}:failed`)
  expect(seconds).toBeGreaterThan(6 * 86_400)
  expect(seconds).toBeLessThanOrEqual(7 * 86_400)
  await runs.forget(RUN)
  await failures.keep(RUN, [line(2)])
  expect(await data.redis.keys(`${data.keyPrefix}*`)).toEqual([])
})
