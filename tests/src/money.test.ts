import { type LedgerEntry, nanoOfUsd } from '@toolwright/contracts'
import { familyNamed, generateStream } from '@toolwright/families'
import { openPrices } from '@toolwright/llm'
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openPipeline, type Pipeline, seqsOf, until } from './pipeline.ts'
import { served } from './served.ts'

const BUCKETS = ['results', 'makes', 'overhead', 'waste'] as const
const FAMILIES = ['unit-conversion', 'irony'].map((name) => familyNamed(name)!)

let pipeline: Pipeline
let exporter: ChildProcess

beforeAll(async () => {
  // Bad proposals and a family that no tool can answer: some makes are repaired, and some fail.
  pipeline = await openPipeline({
    stages: { user: 2, maker: 2 },
    settings: { wrongness: { strong: { propose: { otherwise: 0.6 }, repair: { otherwise: 0.6 } } }, latency: { baseMs: 20 } },
    environment: { TOOLWRIGHT_MODEL_TIMEOUT_MS: '4000' },
  })
  exporter = spawn(process.execPath, [resolve(import.meta.dirname, '../../apps/exporter/src/main.ts')], {
    env: pipeline.environment,
    stdio: 'ignore',
  })
}, 60_000)
beforeEach(() => pipeline.simulator.control('', { faults: { serverError: 0, cutOff: 0, refusal: 0, droppedConnection: 0 } }))
afterAll(async () => {
  exporter.kill('SIGKILL')
  await pipeline.close()
}, 60_000)

function linesOf(seed: number, count: number): object[] {
  return [...generateStream({ families: FAMILIES, count, seed, mix: true })].map(({ text }) => ({ input: text }))
}

function total(rows: readonly { costNano: number | null }[]): number {
  return rows.reduce((sum, { costNano }) => sum + costNano!, 0)
}

/** Sum of a metric's samples, by the value of one label. */
async function scraped(metric: string, label: string): Promise<Record<string, number>> {
  const folder = join(pipeline.environment['TOOLWRIGHT_HOME']!, 'metrics')
  let text = ''
  await until('the exporter is scraped', async () => {
    const file = readdirSync(folder).find((name) => readFileSync(join(folder, name), 'utf8').includes('"exporter"'))
    if (file === undefined) return false
    const [entry] = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { targets: string[] }[]
    text = await (await fetch(`http://${entry!.targets[0]}/metrics`)).text()
    return true
  })
  const sums: Record<string, number> = {}
  for (const [, labels, value] of text.matchAll(new RegExp(`^${metric}\\{(.*)\\} (\\S+)$`, 'gm'))) {
    const name = new RegExp(`${label}="([^"]*)"`).exec(labels!)![1]!
    sums[name] = (sums[name] ?? 0) + Number(value)
  }
  return sums
}

function tokensIn(ledger: readonly LedgerEntry[], model: string) {
  const paid = ledger.filter((entry) => entry.model === model).map(({ tokens }) => tokens)
  return {
    prompt: paid.reduce((sum, { uncachedInput, cacheRead, cacheWrite }) => sum + uncachedInput + cacheRead + cacheWrite, 0),
    cached: paid.reduce((sum, { cacheRead }) => sum + cacheRead, 0),
    completion: paid.reduce((sum, { output }) => sum + output, 0),
  }
}

test(
  'with retries and failed makes: the ledger is what Prometheus shows, what the buckets add up to and what the results cost, to the nano-dollar, and its tokens are those that were served',
  { timeout: 120_000 },
  async () => {
    await pipeline.simulator.control('', {
      faults: { serverError: 0.06, cutOff: 0.03, refusal: 0.02 },
    })
    const { code, results, talk } = await pipeline.run(linesOf(3, 120), { settings: { make: 'eager' } })
    expect(code, `${talk}\n${pipeline.log()}`).toBeOneOf([0, 3])
    const { run } = results[0]!.toolwright
    const ledger = await pipeline.ledger(run)
    expect((await served(pipeline)).withStatus('500')).toBeGreaterThan(0)
    expect(ledger.filter(({ purpose }) => purpose === 'repair').length).toBeGreaterThan(0)
    expect((await pipeline.registry.tools.makes()).declined).toBeGreaterThan(0)

    const byBucket = Object.fromEntries(BUCKETS.map((name) => [name, total(ledger.filter(({ bucket }) => bucket === name))]))
    const shown = await scraped('toolwright_cost_dollars_total', 'bucket')
    for (const [name, nano] of Object.entries(byBucket)) expect(Math.round((shown[name] ?? 0) * 1e9), name).toBe(nano)
    expect(Object.values(byBucket).reduce((sum, nano) => sum + nano, 0)).toBe(total(ledger))
    expect(total(await pipeline.registry.money.sums(run))).toBe(total(ledger))
    expect(results.reduce((sum, { toolwright }) => sum + nanoOfUsd(toolwright.cost_usd!)!, 0)).toBe(byBucket['results'])
    expect(await pipeline.registry.money.budget({ run })).toMatchObject({ spentNano: total(ledger), reservedNano: 0 })

    for (const [model, counts] of Object.entries((await served(pipeline)).tokens)) expect(tokensIn(ledger, model), model).toEqual(counts)

    // What `tools` tells of each kind over all runs is the same money again.
    const kinds = await Promise.all((await pipeline.registry.kinds.list()).map((kind) => pipeline.registry.money.ofKind(kind)))
    const sum = (of: (kind: (typeof kinds)[number]) => number) => kinds.reduce((nano, kind) => nano + of(kind), 0)
    const uses = results.map(({ toolwright }) => toolwright).filter(({ tier }) => tier === 'extracted' || tier === 'called')
    const known = uses.filter(({ baseline_usd: baseline }) => baseline !== null)
    const cost = known.reduce((nano, { cost_usd: usd }) => nano + nanoOfUsd(usd!)!, 0)
    expect(sum(({ makes }) => makes.costNano)).toBe(byBucket['makes'])
    expect(sum(({ uses: { count } }) => count)).toBe(uses.length)
    expect(sum(({ uses: { costNano } }) => costNano)).toBe(cost)
    expect(sum(({ uses: { savedNano } }) => savedNano)).toBe(
      known.reduce((nano, { baseline_usd: baseline }) => nano + nanoOfUsd(baseline!)!, 0) - cost,
    )
  },
)

test(
  'with processes that are killed at work: what was settled is at most what was served, and that at most what was settled and is uncertain',
  { timeout: 120_000 },
  async () => {
    const before = await served(pipeline)
    await pipeline.simulator.control('', { latency: { baseMs: 300 }, faults: { droppedConnection: 0.02 } })
    const lines = linesOf(4, 120)
    const started = pipeline.begin(lines, { settings: { make: 'eager' } })
    await until('calls are under way', async () => (await pipeline.ledger(started.run)).length > 5)
    for (let kills = 0; kills < 4; kills++) {
      await delay(300)
      const stage = kills % 2 === 0 ? 'user' : 'maker'
      await pipeline.kill(pipeline.processes(stage)[0]!)
      pipeline.start(stage)
    }
    const { code, results, talk } = await started.ended
    expect(code, `${talk}\n${pipeline.log()}`).toBeOneOf([0, 3])
    expect(seqsOf(results)).toEqual(lines.map((_, at) => at))

    const ledger = await pipeline.ledger(started.run)
    const { spentNano, reservedNano } = await pipeline.registry.money.budget({ run: started.run })
    expect(spentNano).toBe(total(ledger))
    const prices = openPrices(pipeline.environment['TOOLWRIGHT_PRICES'])
    let servedNano = 0
    for (const [model, counts] of Object.entries((await served(pipeline)).tokens)) {
      const earlier = before.tokens[model] ?? { prompt: 0, cached: 0, completion: 0 }
      const [prompt, cached, completion] = (['prompt', 'cached', 'completion'] as const).map((name) => counts[name] - earlier[name])
      const settled = tokensIn(ledger, model)
      expect(settled.prompt).toBeLessThanOrEqual(prompt!)
      expect(settled.completion).toBeLessThanOrEqual(completion!)
      const cost = prices.costOf(
        model,
        { uncachedInput: prompt! - cached!, cacheRead: cached!, cacheWrite: 0, output: completion! },
        pipeline.simulator.url,
      )
      servedNano += cost.costNano!
    }
    console.info(`settled ${spentNano}, served ${servedNano}, reserved by calls that were never settled ${reservedNano} nano-dollars`)
    // Each entry is rounded up.
    expect(spentNano).toBeLessThanOrEqual(servedNano + ledger.length)
    expect(servedNano).toBeLessThanOrEqual(spentNano + reservedNano)
    expect(servedNano).toBeGreaterThan(spentNano)
  },
)
