import { answerField } from '@toolwright/answering'
import { Cause, type LedgerEntry, nanoOfUsd } from '@toolwright/contracts'
import { familyNamed, generateStream } from '@toolwright/families'
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openPipeline, type Pipeline, type RunEnd, seqsOf, until } from './pipeline.ts'
import { served, servedNanoSince } from './served.ts'

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

/** What the exporter shows now. */
async function scrape(): Promise<string> {
  const folder = join(pipeline.environment['TOOLWRIGHT_HOME']!, 'metrics')
  let text = ''
  await until('the exporter is scraped', async () => {
    const file = readdirSync(folder).find((name) => readFileSync(join(folder, name), 'utf8').includes('"exporter"'))
    if (file === undefined) return false
    const [entry] = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { targets: string[] }[]
    text = await (await fetch(`http://${entry!.targets[0]}/metrics`)).text()
    return true
  })
  return text
}

/** Sum of a metric's samples, by the value of one label. */
function sumsBy(label: string, metric: string, text: string): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const [, labels, value] of text.matchAll(new RegExp(`^${metric}\\{(.*)\\} (\\S+)$`, 'gm'))) {
    const name = new RegExp(`${label}="([^"]*)"`).exec(labels!)![1]!
    sums[name] = (sums[name] ?? 0) + Number(value)
  }
  return sums
}

/** A metric without labels. */
function valueOf(metric: string, text: string): number {
  return Number(new RegExp(`^${metric} (\\S+)$`, 'm').exec(text)?.[1])
}

/** Makes calls for answers hang until they time out, or are released. */
async function hold(count: number): Promise<void> {
  await pipeline.simulator.control('/hold', { purpose: 'answer', role: 'strong', count })
}

async function untilHeld(count: number): Promise<void> {
  await until('calls hang', async () => ((await pipeline.simulator.control('/held')) as { held: number }).held === count)
}

/** A run of one line whose call another worker, which the test stands in for, settles first: what was paid for the line is waste. Which of two workers is first is chance otherwise. */
async function runWithWaste(): Promise<RunEnd> {
  await hold(1)
  const body = { model: 'any', temperature: 1.5, messages: [{ role: 'user', content: 'Sort these words: b a' }] }
  const { run, ended } = pipeline.begin([{ custom_id: 'twice', method: 'POST', url: '/v1/chat/completions', body }])
  await untilHeld(1)
  const call = { run, field: answerField(0), kind: null, role: 'strong', purpose: 'answer', model: 'sim-strong' } as const
  const intent = { ...call, boundNano: 0, timeoutMs: 60_000, textBytes: 0 }
  const { money } = pipeline.registry
  expect(await money.begin(intent)).toEqual({ attempt: 2 })
  // It cost nothing and used no tokens: the endpoint has not served it.
  await money.settle(intent, 2, {
    v: 1,
    text: 'a b',
    finish: 'stop',
    model: 'sim-strong',
    tokens: { uncachedInput: 0, cacheRead: 0, cacheWrite: 0, output: 0 },
    costNano: 0,
    price: 'none: of another worker',
    completion: { choices: [{ message: { role: 'assistant', content: 'a b' } }] },
  })
  await pipeline.simulator.control('/release', {})
  return await ended
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
  'with retries, waste and failed makes: the ledger is what Prometheus shows, what the buckets add up to and what the results cost, to the nano-dollar, and its tokens are those that were served',
  { timeout: 120_000 },
  async () => {
    await pipeline.simulator.control('', {
      faults: { serverError: 0.06, cutOff: 0.03, refusal: 0.02 },
    })
    // The first time out, and are made again: the endpoint has not served them, but nobody can know that.
    await hold(3)
    const mixed = await pipeline.run(linesOf(3, 120), { settings: { make: 'eager' } })
    expect(mixed.code, `${mixed.talk}\n${pipeline.log()}`).toBeOneOf([0, 3])
    await pipeline.simulator.control('', { faults: { serverError: 0, cutOff: 0, refusal: 0 } })
    const twice = await runWithWaste()
    expect(twice.code, `${twice.talk}\n${pipeline.log()}`).toBe(0)
    const results = [...mixed.results, ...twice.results]
    const runs = [mixed, twice].map((one) => one.results[0]!.toolwright.run)
    const { money } = pipeline.registry
    const ledger = (await Promise.all(runs.map((run) => pipeline.ledger(run)))).flat()
    expect((await served(pipeline)).withStatus('500')).toBeGreaterThan(0)
    expect(ledger.filter(({ purpose }) => purpose === 'repair').length).toBeGreaterThan(0)
    expect((await pipeline.registry.tools.makes()).declined).toBeGreaterThan(0)

    const byBucket = Object.fromEntries(BUCKETS.map((name) => [name, total(ledger.filter(({ bucket }) => bucket === name))]))
    const byCause = Object.fromEntries(Cause.options.map((name) => [name, total(ledger.filter(({ cause }) => cause === name))]))
    const sums = (await Promise.all(runs.map((run) => money.sums(run)))).flat()
    const shown = await scrape()
    for (const [label, amounts] of Object.entries({ bucket: byBucket, cause: byCause })) {
      const inPrometheus = sumsBy(label, 'toolwright_cost_dollars_total', shown)
      for (const [name, nano] of Object.entries(amounts)) {
        expect(nano, name).toBeGreaterThan(0)
        expect(Math.round(inPrometheus[name]! * 1e9), name).toBe(nano)
        expect(total(sums.filter((row) => row[label as 'bucket' | 'cause'] === name)), name).toBe(nano)
      }
    }
    expect(byCause['waste']).toBe(byBucket['waste'])
    expect(Object.values(byBucket).reduce((sum, nano) => sum + nano, 0)).toBe(total(ledger))
    expect(total(sums)).toBe(total(ledger))
    expect(results.reduce((sum, { toolwright }) => sum + nanoOfUsd(toolwright.cost_usd!)!, 0)).toBe(byBucket['results'])
    const taken = await Promise.all(runs.map((run) => money.budget({ run })))
    expect(taken.reduce((sum, { spentNano }) => sum + spentNano, 0)).toBe(total(ledger))
    // Of the calls that timed out.
    expect(taken.map(({ reservedNano }) => reservedNano)).toEqual([expect.toSatisfy((nano: number) => nano > 0), 0])

    for (const [model, counts] of Object.entries((await served(pipeline)).tokens)) expect(tokensIn(ledger, model), model).toEqual(counts)

    // What `tools` tells of each kind over all runs is the same money again.
    const kinds = await Promise.all((await pipeline.registry.kinds.list()).map((kind) => pipeline.registry.money.ofKind(kind)))
    const sumOf = (of: (kind: (typeof kinds)[number]) => number) => kinds.reduce((nano, kind) => nano + of(kind), 0)
    const uses = results.map(({ toolwright }) => toolwright).filter(({ tier }) => tier === 'extracted' || tier === 'called')
    const known = uses.filter(({ baseline_usd: baseline }) => baseline !== null)
    const cost = known.reduce((nano, { cost_usd: usd }) => nano + nanoOfUsd(usd!)!, 0)
    expect(sumOf(({ makes }) => makes.costNano)).toBe(byBucket['makes'])
    expect(sumOf(({ uses: { count } }) => count)).toBe(uses.length)
    expect(sumOf(({ uses: { costNano } }) => costNano)).toBe(cost)
    expect(sumOf(({ uses: { savedNano } }) => savedNano)).toBe(
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
    const servedNano = await servedNanoSince(before, pipeline)
    for (const [model, counts] of Object.entries((await served(pipeline)).tokens)) {
      const earlier = before.tokens[model] ?? { prompt: 0, cached: 0, completion: 0 }
      const settled = tokensIn(ledger, model)
      expect(settled.prompt).toBeLessThanOrEqual(counts.prompt - earlier.prompt)
      expect(settled.completion).toBeLessThanOrEqual(counts.completion - earlier.completion)
    }
    console.info(`settled ${spentNano}, served ${servedNano}, reserved by calls that were never settled ${reservedNano} nano-dollars`)
    // Each entry is rounded up.
    expect(spentNano).toBeLessThanOrEqual(servedNano + ledger.length)
    expect(servedNano).toBeLessThanOrEqual(spentNano + reservedNano)
    expect(servedNano).toBeGreaterThan(spentNano)

    // Once the time of the last lost call is over, all that is reserved is uncertain, and Prometheus shows that of all runs.
    const { runs, money } = pipeline.registry
    await until('what is reserved is uncertain', async () => (await money.uncertain(started.run)).boundNano === reservedNano)
    const uncertain = await Promise.all((await runs.list(10)).map(({ id }) => money.uncertain(id)))
    const shown = await scrape()
    expect(Math.round(valueOf('toolwright_uncertain_dollars', shown) * 1e9)).toBe(uncertain.reduce((sum, one) => sum + one.boundNano, 0))
    expect(valueOf('toolwright_uncertain_calls', shown)).toBe(uncertain.reduce((sum, { calls }) => sum + calls, 0))
  },
)
