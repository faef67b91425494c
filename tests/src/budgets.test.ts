import { familyNamed, generateStream } from '@toolwright/families'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPipeline, type Pipeline, seqsOf, until } from './pipeline.ts'
import { served } from './served.ts'

const LINES = 400

let pipeline: Pipeline

beforeAll(async () => {
  pipeline = await openPipeline({ stages: { user: 4 }, environment: { TOOLWRIGHT_CONCURRENCY: '50' } })
}, 60_000)
afterAll(() => pipeline.close(), 60_000)

/** Requests that no tool may answer, each with a limit on its reply, so that a call's bound is a few times what it costs. */
function requests(count: number): object[] {
  return [...generateStream({ families: [familyNamed('word-sorting')!], count, seed: 23, mix: false })].map((line, at) => ({
    custom_id: `paid-${at}`,
    method: 'POST',
    url: '/v1/chat/completions',
    body: { model: 'any', temperature: 1.5, max_tokens: 200, messages: [{ role: 'user', content: line.text }] },
  }))
}

async function spentOn(run: string): Promise<number> {
  return (await pipeline.ledger(run)).reduce((sum, entry) => sum + entry.costNano!, 0)
}

test(
  'many workers at once never spend more than a run may cost; what is left is answered when it may cost more, and nothing is paid for twice',
  { timeout: 120_000 },
  async () => {
    await pipeline.simulator.control('', { latency: { baseMs: 100, jitter: 0.5 } })
    const sample = await pipeline.run(requests(20))
    expect(sample.code, sample.talk).toBe(0)
    const each = (await spentOn(sample.results[0]!.toolwright.run)) / 20

    const limitNano = Math.round((each * LINES) / 2)
    const lines = requests(LINES)
    const paused = pipeline.begin(lines, { maxCostNano: limitNano })
    const end = await paused.ended
    expect(end.code, `${end.talk}\n${pipeline.log()}`).toBe(4)
    expect(end.talk).toContain(`./toolwright resume ${paused.run} --max-cost-usd N`)
    expect(end.results.filter((result) => result.response === null)).toEqual([])
    // Calls that had begun end, and are booked.
    await until('no call is under way', async () => (await pipeline.registry.money.budget({ run: paused.run })).reservedNano === 0)
    const spent = await spentOn(paused.run)
    const paid = (await pipeline.ledger(paused.run)).length
    console.info(`${paid} of ${LINES} requests paid for with ${((spent / limitNano) * 100).toFixed(1)} % of what the run may cost`)
    expect(spent).toBeLessThanOrEqual(limitNano)
    // It does not give up while calls under way keep what is left reserved.
    expect(spent).toBeGreaterThan(limitNano / 2)
    expect(await pipeline.registry.money.budget({ run: paused.run })).toEqual({
      limitNano,
      spentNano: spent,
      reservedNano: 0,
      overrunNano: 0,
    })

    const still = await pipeline.run(lines, { run: paused.run })
    expect(still.code, still.talk).toBe(4)
    expect(await spentOn(paused.run)).toBeLessThanOrEqual(limitNano)

    const more = await pipeline.run(lines, { run: paused.run, maxCostNano: limitNano * 4 })
    expect(more.code, `${more.talk}\n${pipeline.log()}`).toBe(0)
    expect(seqsOf(more.results)).toEqual(lines.map((_, at) => at))
    expect(more.results.filter((result) => result.response?.status_code !== 200)).toEqual([])
    expect(await pipeline.ledger(paused.run)).toHaveLength(LINES)
    expect((await served(pipeline)).withStatus('200')).toBe(LINES + 20)
  },
)

test('an endpoint that bills more than it was asked for is found out, and the run pauses', { timeout: 60_000 }, async () => {
  // Few get through, so that not all are on the way when the first is found out, however slow this machine is.
  const storm = { allowPerSecond: 20, retryAfterSeconds: 1 }
  await pipeline.simulator.control('', { latency: { baseMs: 50 }, overbilled: 5_000, storm })
  const lines = requests(LINES)
  const { run, ended } = pipeline.begin(lines, { maxCostNano: 100_000_000_000 })
  const end = await ended
  await pipeline.simulator.control('', { overbilled: 0, storm: null })
  expect(end.code, `${end.talk}\n${pipeline.log()}`).toBe(4)
  expect(end.talk).toContain('overrun')
  await until('no call is under way', async () => (await pipeline.registry.money.budget({ run })).reservedNano === 0)
  const { spentNano, overrunNano } = await pipeline.registry.money.budget({ run })
  expect(overrunNano).toBeGreaterThan(0)
  expect(spentNano).toBe(await spentOn(run))
  expect((await pipeline.ledger(run)).length).toBeLessThan(LINES)

  const more = await pipeline.run(lines, { run, maxCostNano: null })
  expect(more.code, `${more.talk}\n${pipeline.log()}`).toBe(0)
  expect(seqsOf(more.results)).toEqual(lines.map((_, at) => at))
  expect(await pipeline.ledger(run)).toHaveLength(LINES)
  expect(more.talk).toMatch(/Overrun: +\$/)
})
