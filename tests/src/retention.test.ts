import { familyNamed, generateStream } from '@toolwright/families'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { leftInRedis } from './kept-keys.ts'
import { openPipeline, type Pipeline, until } from './pipeline.ts'

let pipeline: Pipeline

beforeAll(async () => {
  pipeline = await openPipeline({ settings: { latency: { baseMs: 20 } } })
}, 60_000)
afterAll(() => pipeline.close(), 60_000)

/** Requests that make a tool, that go direct, that fail, that are the same as others, and that are none. */
function input(): string {
  const sorting = [...generateStream({ families: [familyNamed('word-sorting')!], count: 60, seed: 3, mix: false })]
  const lines = [
    ...sorting.map(({ text, target }) => ({ input: text, kind: 'sorting', target })),
    ...sorting.slice(0, 20).map(({ text }) => ({ input: text, kind: 'sorting' })),
    ...sorting.slice(20, 30).map(({ text }) => ({ input: text })),
    ...[...generateStream({ families: [familyNamed('irony')!], count: 20, seed: 4, mix: false })].map(({ text }) => ({
      body: { temperature: 1.5, messages: [{ role: 'user', content: text }] },
    })),
    {
      body: {
        messages: [
          { role: 'system', content: 'Be short.' },
          { role: 'user', content: 'Say yes.' },
        ],
      },
    },
  ]
  return `${lines.map((line) => JSON.stringify(line)).join('\n')}\nno request\n`
}

test(
  'after runs with tools, failures, a pause and a cancel, Redis holds nothing but what is to be kept',
  { timeout: 240_000 },
  async () => {
    const whole = await pipeline.run(input(), { settings: { make: 'eager', ordered: true, dedupe: true } })
    expect(whole.code, `${whole.talk}\n${pipeline.log()}`).toBe(3)
    expect((await pipeline.publishedVersions()).size).toBeGreaterThan(0)

    await pipeline.simulator.control('', { faults: { badRequest: 0.5 } })
    const paused = pipeline.begin(input(), { settings: { make: 'eager' } })
    await until('its record is there', async () => (await pipeline.registry.runs.get(paused.run)) !== null)
    await pipeline.registry.runs.setPaused(paused.run, true)
    await until('it says so', async () => (await pipeline.registry.runs.get(paused.run))?.isPaused === true)
    await pipeline.registry.runs.setPaused(paused.run, false)
    expect((await paused.ended).code).toBe(3)
    expect(await pipeline.registry.failures.count(paused.run)).toBeGreaterThan(0)

    await pipeline.simulator.control('', { latency: { baseMs: 300 }, faults: { badRequest: 0 } })
    const cancelled = pipeline.begin(input().repeat(10), { settings: { make: 'eager', whileMaking: 'wait' } })
    await until('it is under way', async () => ((await pipeline.registry.runs.get(cancelled.run))?.written ?? 0) > 0)
    await pipeline.registry.runs.cancel(cancelled.run)
    const { code, talk } = await cancelled.ended
    expect(code, talk).toBe(3)
    await until('no make is under way', async () => {
      const depths = await Promise.all((['maker', 'execution', 'user', 'direct'] as const).map((queue) => pipeline.queues.depth(queue)))
      return depths.every(({ waiting, active, delayed, waitingChildren }) => waiting + active + delayed + waitingChildren === 0)
    })

    const { names, unexpected } = await leftInRedis(pipeline)
    expect(unexpected).toEqual([])
    // What was looked for is there.
    for (const name of ['r:run:RUN', 'r:run:RUN:failed', 'r:kind:KIND:tools', 'q:direct:meta']) expect(names).toContain(name)
    expect((await pipeline.registry.runs.list(10)).map(({ state }) => state)).toEqual(['done', 'done', 'done'])
  },
)
