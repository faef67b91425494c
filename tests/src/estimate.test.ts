import { estimateCost } from '@toolwright/cli/src/estimate/estimate-cost.ts'
import { lookAtInput } from '@toolwright/cli/src/estimate/input-sample.ts'
import { familyNamed, generateStream } from '@toolwright/families'
import { openPrices } from '@toolwright/llm'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPipeline, type Pipeline } from './pipeline.ts'

let pipeline: Pipeline
beforeAll(async () => {
  pipeline = await openPipeline()
}, 60_000)
afterAll(() => pipeline.close(), 60_000)

async function estimated(path: string) {
  const { environment, registry, simulator } = pipeline
  const prices = openPrices(environment['TOOLWRIGHT_PRICES'])
  const folders = { root: resolve(import.meta.dirname, '../..'), home: environment['TOOLWRIGHT_HOME']!, cache: '' }
  const sample = await lookAtInput({ folders, inherited: environment, redisUrl: environment['REDIS_URL']!, input: path, wanted: 300 })
  const costAt = (model: string) => (tokens: Parameters<typeof prices.costOf>[1]) => prices.costOf(model, tokens, simulator.url).costNano
  return await estimateCost(registry, { strong: costAt('sim-strong'), light: costAt('sim-light') }, sample)
}

test(
  'what a run costs lies within the estimate made before it, with nothing known and with tools that serve',
  { timeout: 120_000 },
  async () => {
    const families = ['unit-conversion', 'date-to-iso'].map((name) => familyNamed(name)!)
    const toolable = [...generateStream({ families, count: 1_080, seed: 5, mix: false })]
    // No program tells irony: the strong model answers all of it, also once a make has failed.
    const ironical = [...generateStream({ families: [familyNamed('irony')!], count: 120, seed: 5, mix: false })]
    const lines = toolable.flatMap((line, at) => (at % 9 === 0 ? [line, ironical[at / 9]!] : [line])).map(({ text }) => ({ input: text }))
    const path = join(pipeline.environment['TOOLWRIGHT_HOME']!, 'stream.jsonl')
    const write = (part: object[]) => writeFileSync(path, part.map((line) => `${JSON.stringify(line)}\n`).join(''))
    const paidFor = async (part: object[]) => {
      write(part)
      const before = await estimated(path)
      const { code, talk, results } = await pipeline.run({ path })
      expect(code, `${talk}\n${pipeline.log()}`).toBe(0)
      const cost = (await pipeline.ledger(results[0]!.toolwright.run)).reduce((sum, entry) => sum + entry.costNano!, 0)
      console.info(`estimated ${before.cost.low} to ${before.cost.high}, expected ${before.cost.expected}; paid ${cost} nano-dollars`)
      expect(cost).toBeGreaterThanOrEqual(before.cost.low!)
      expect(cost).toBeLessThanOrEqual(before.cost.high!)
      return before
    }
    const cold = await paidFor(lines.slice(0, 900))
    expect(cold).toMatchObject({ requests: 900, sampled: 300, observations: 0 })
    const warm = await paidFor(lines.slice(900))
    for (const { cost, baseline } of [cold, warm]) {
      for (const { low, expected, high } of [cost, baseline]) expect(low! < expected! && expected! < high!).toBe(true)
    }
    expect(cold.baseline.observations).toBe(0)
    expect(warm.observations).toBeGreaterThan(0)
    expect(warm.baseline.observations).toBeGreaterThan(1)
    expect(warm.baseline.measured).toBeGreaterThan(100)
    expect(warm.groups.filter(({ how }) => how === 'tool').length).toBeGreaterThan(0)
    expect(warm.cost.expected! / warm.requests).toBeLessThan(cold.cost.expected! / cold.requests)
  },
)
