import { addRequests, openQueues } from '@toolwright/queues'
import { join } from 'node:path'
import { paragraph, renderTable, type Column } from '../../table.ts'
import type { Surroundings } from '../../verb.ts'
import { atLeast, atMost, type Claim, renderClaims } from '../sandbox/claims.ts'
import { median, percentile } from '../sandbox/statistics.ts'
import { usedMemory } from './bare-chain.ts'
import { type BenchStand, timeBare, withBareChain, withBenchStand } from './bench-stand.ts'
import { openLightClient } from './light-client.ts'
import { toolableFamilies } from './sample-kinds.ts'
import { type RunFigures, type Stream, streamOf, timeRun } from './scenarios.ts'
import { queueTimes, type QueueTimes, scrape } from './scrape.ts'

const ONE_KIND = 'word-sorting'
/** The programs of these two take longest, 1.2 and 0.7 ms for a request where the others take 0.17 on average: what is timed is the pipeline. */
const LEFT_OUT = ['schedule-latest', 'schedule']
/** After 10,000 requests the rate still rises. */
const WARM_UP = 50_000
const LIGHT_ROUNDS = 10
const LIGHT_REQUESTS = 15
const WAITING = 10_000

interface Scenario {
  name: string
  kinds: 'one' | 'many'
  tier: 'extracted' | 'called'
  batchLines: number
  requests: number
  /** Whether the ratio is judged, and how many times the bare chain's rate is wanted. */
  wanted: number | null
}

/** Milliseconds from a line's reading to its result, one for each request; and what the pipeline's jobs took meanwhile, by queue. */
interface Light {
  bare: number[]
  ours: number[]
  queues: Map<string, QueueTimes>
}

interface Measured {
  scenario: Scenario
  rounds: { bare: RunFigures; ours: RunFigures }[]
}

/**
 * The whole pipeline beside a bare chain of three queues with one job for each request, round by round on the same Redis: models that would answer at once, tools that are there from the start,
 * real Pyodide, results on disk. Returns the figures as text.
 */
export async function benchPipeline(
  surroundings: Surroundings,
  { rounds, count }: { rounds: number; count: number },
  signal: AbortSignal,
): Promise<string> {
  const scenarios: Scenario[] = [
    { name: 'extracted, one kind', kinds: 'one', tier: 'extracted', batchLines: 256, requests: count, wanted: 5 },
    { name: 'extracted, 18 kinds interleaved', kinds: 'many', tier: 'extracted', batchLines: 256, requests: count, wanted: 3 },
    { name: 'called, one kind', kinds: 'one', tier: 'called', batchLines: 256, requests: Math.ceil(count / 10), wanted: null },
    { name: 'extracted, one kind, at most 64 lines a job', kinds: 'one', tier: 'extracted', batchLines: 64, requests: count, wanted: null },
    {
      name: 'extracted, one kind, at most 8 lines a job',
      kinds: 'one',
      tier: 'extracted',
      batchLines: 8,
      requests: Math.ceil(count / 4),
      wanted: null,
    },
    {
      name: 'extracted, one kind, one line a job',
      kinds: 'one',
      tier: 'extracted',
      batchLines: 1,
      requests: Math.ceil(count / 50),
      wanted: null,
    },
  ]
  const measured: Measured[] = []
  let light: Light = { bare: [], ours: [], queues: new Map() }
  let bytes = { bare: 0, ours: 0 }
  for (const group of Map.groupBy(scenarios, ({ batchLines, tier }) => `${batchLines} ${tier}`).values()) {
    const { batchLines, tier } = group[0]!
    surroundings.say(`\n${tier}, at most ${batchLines} lines a job`)
    const families = toolableFamilies().filter((name) => !LEFT_OUT.includes(name))
    const start = { families, tier, environment: { TOOLWRIGHT_BATCH_LINES: String(batchLines) } }
    await withBenchStand(surroundings, start, signal, async (bench) => {
      for (const scenario of group) {
        const one = { scenario, rounds: await timeRounds(bench, scenario, scenario.wanted === null ? 1 : rounds, signal) }
        measured.push(one)
        surroundings.say(`\n${scenario.name}: ${ratesOf(one)}\n`)
      }
      if (measured.length === group.length) {
        light = await timeLight(bench, surroundings, signal)
        bytes = await measureBytes(bench)
      }
    })
  }
  return render(measured, light, bytes, surroundings.columns)
}

/** Of the one kind that is timed alone, or of all. */
function streamFrom({ kinds }: BenchStand, which: Scenario['kinds'], count: number, seed: string): Stream {
  return streamOf(which === 'many' ? kinds : kinds.filter(({ name }) => name === ONE_KIND), count, seed)
}

async function timeRounds(
  bench: BenchStand,
  { kinds, tier, requests }: Scenario,
  rounds: number,
  signal: AbortSignal,
): Promise<Measured['rounds']> {
  // Code that runs often is compiled anew, better: what comes before that is not what workers that serve for hours do.
  await timeRun(bench, streamFrom(bench, kinds, Math.min(requests, WARM_UP), 'warm-up'), tier)
  const timed: Measured['rounds'] = []
  for (let round = 0; round < rounds; round++) {
    signal.throwIfAborted()
    const stream = streamFrom(bench, kinds, requests, `round ${round}`)
    const bareRun = () => timeBare(bench, stream)
    const ownRun = () => timeRun(bench, stream, tier)
    // Whoever is first in one round is second in the next.
    if (round % 2 === 0) timed.push({ bare: await bareRun(), ours: await ownRun() })
    else {
      const ours = await ownRun()
      timed.push({ bare: await bareRun(), ours })
    }
  }
  return timed
}

/** One request at a time, the chains in turn. */
async function timeLight(bench: BenchStand, { folders }: Surroundings, signal: AbortSignal): Promise<Light> {
  const { stand } = bench
  const environment = { ...stand.environment, REDIS_URL: stand.space.url, TOOLWRIGHT_HOME: folders.home }
  const client = openLightClient(folders.root, environment)
  try {
    return await withBareChain(stand, async (bare) => {
      const times: Light = { bare: [], ours: [], queues: new Map() }
      let before = new Map<string, QueueTimes>()
      for (let round = 0; round <= LIGHT_ROUNDS; round++) {
        const { texts, targets } = streamFrom(bench, 'one', LIGHT_REQUESTS, `light ${round}`)
        for (const [at, text] of texts.entries()) {
          signal.throwIfAborted()
          const { ms, answer } = await client.ask(text)
          if (answer !== targets[at])
            throw new Error(`a request was answered ${JSON.stringify(answer)}, not ${JSON.stringify(targets[at])}`)
          // The first round is for getting warm.
          if (round > 0) times.ours.push(ms)
        }
        for (const text of texts) {
          const ms = await bare.single(text)
          if (round > 0) times.bare.push(ms)
        }
        if (round === 0) before = queueTimes(await scrape(join(folders.home, 'metrics')))
      }
      times.queues = since(before, queueTimes(await scrape(join(folders.home, 'metrics'))))
      return times
    })
  } finally {
    await client.close()
  }
}

function since(before: ReadonlyMap<string, QueueTimes>, after: ReadonlyMap<string, QueueTimes>): Map<string, QueueTimes> {
  const none: QueueTimes = { waits: 0, waitSeconds: 0, runs: 0, runSeconds: 0 }
  return new Map(
    [...after].map(([queue, now]) => {
      const then = before.get(queue) ?? none
      return [
        queue,
        {
          waits: now.waits - then.waits,
          waitSeconds: now.waitSeconds - then.waitSeconds,
          runs: now.runs - then.runs,
          runSeconds: now.runSeconds - then.runSeconds,
        },
      ]
    }),
  )
}

/** Bytes of Redis for each request that waits in the first queue. */
async function measureBytes(bench: BenchStand): Promise<{ bare: number; ours: number }> {
  const { stand } = bench
  const { redis } = stand.space
  const { texts } = streamFrom(bench, 'one', WAITING, 'waiting')
  const bare = await withBareChain(stand, (chain) => chain.bytesPerWaiting(texts))
  const prefix = '{toolwright:unserved}'
  const queues = openQueues({ redis, prefix, space: 'unserved' })
  const before = await usedMemory(redis)
  await addRequests(
    queues,
    'r-unserved00',
    texts.map((text, seq) => ({ seq, customId: `line-${seq + 1}`, text, frame: '', hop: 0 })),
  )
  const ours = ((await usedMemory(redis)) - before) / texts.length
  await queues.close()
  await stand.space.administration.forgetKeys(prefix)
  return { bare, ours }
}

function render(measured: readonly Measured[], light: Light, bytes: { bare: number; ours: number }, columns: number): string {
  const claims: Claim[] = measured.flatMap(({ scenario, rounds }) => {
    if (scenario.wanted === null) return []
    return [
      atLeast(
        `requests a second, ${scenario.name}, against the bare chain`,
        scenario.wanted,
        ratioOf(rounds),
        (value) => `${value.toFixed(1)} times its rate`,
      ),
    ]
  })
  const p50 = { ours: median(light.ours), bare: median(light.bare) }
  claims.push(
    atMost(
      'light load, p50 from a line read to its result written, against the bare chain',
      3,
      p50.ours / p50.bare,
      (value) => `${value.toFixed(2)} times its time`,
    ),
  )
  return [
    paragraph(
      'The whole pipeline beside a bare chain of three BullMQ queues, a process each, one job for each request, on the same Redis in turns; medians of rounds. Tools were there from the start; every answer was checked.',
      columns,
    ),
    '',
    renderTable(RATES, measured, columns),
    'Processor time for each request, in microseconds',
    '',
    renderTable(USES, measured.flatMap(usesOf), columns),
    'Light load and memory',
    '',
    `one request at a time, pipeline    p50 ${p50.ours.toFixed(1)} ms, p99 ${percentile(light.ours, 0.99).toFixed(1)} ms`,
    `one request at a time, bare chain  p50 ${p50.bare.toFixed(1)} ms, p99 ${percentile(light.bare, 0.99).toFixed(1)} ms`,
    `Redis for a waiting request        ${bytes.ours.toFixed(0)} bytes, bare chain ${bytes.bare.toFixed(0)} bytes`,
    '',
    'Where the time of one request goes, alone in the pipeline: milliseconds by queue, means (user twice, before its call is executed and after)',
    '',
    renderTable(HOPS, hopsOf(light), columns),
    'Wanted',
    '',
    renderClaims(claims, columns),
  ].join('\n')
}

function ratesOf({ rounds }: Measured): string {
  const rates = rounds.map(({ bare, ours }) => `${ours.perSecond.toFixed(0)} against ${bare.perSecond.toFixed(0)}`)
  return `requests a second, pipeline against bare chain: ${rates.join(', ')}`
}

function ratioOf(rounds: Measured['rounds']): number {
  return median(rounds.map(({ bare, ours }) => ours.perSecond / bare.perSecond))
}

interface Hop {
  queue: string
  /** Milliseconds for each request; jobs that go on after another's end wait and are worked at twice. */
  wait: number
  run: number
}

function hopsOf({ ours, queues }: Light): Hop[] {
  const perRequest = (seconds: number) => (1000 * seconds) / ours.length
  return ['requests', 'user', 'execution', 'results'].map((queue) => {
    const { waitSeconds, runSeconds } = queues.get(queue)!
    return { queue, wait: perRequest(waitSeconds), run: perRequest(runSeconds) }
  })
}

const HOPS: Column<Hop>[] = [
  { title: 'queue', align: 'left', cell: ({ queue }) => queue },
  { title: 'waits', align: 'right', cell: ({ wait }) => wait.toFixed(2) },
  { title: 'is worked at', align: 'right', cell: ({ run }) => run.toFixed(2) },
]

const RATES: Column<Measured>[] = [
  { title: 'requests', align: 'left', cell: ({ scenario }) => scenario.name },
  { title: 'count', align: 'right', cell: ({ scenario }) => String(scenario.requests) },
  { title: 'bare chain/s', align: 'right', cell: ({ rounds }) => median(rounds.map(({ bare }) => bare.perSecond)).toFixed(0) },
  { title: 'pipeline/s', align: 'right', cell: ({ rounds }) => median(rounds.map(({ ours }) => ours.perSecond)).toFixed(0) },
  { title: 'ratio', align: 'right', cell: ({ rounds }) => ratioOf(rounds).toFixed(1) },
  { title: 'rounds', align: 'right', cell: ({ rounds }) => String(rounds.length) },
]

interface Use {
  name: string
  all: number
  parts: [string, number][]
}

function usesOf({ scenario, rounds }: Measured): Use[] {
  return [
    useOf(
      scenario.name,
      rounds.map(({ ours }) => ours),
    ),
    useOf(
      '  its bare chain',
      rounds.map(({ bare }) => bare),
    ),
  ]
}

/** Microseconds for each request, by process, the largest first; what does less than one is left out. */
function useOf(name: string, runs: readonly RunFigures[]): Use {
  const total = new Map<string, number>()
  const requests = runs.reduce((sum, run) => sum + run.requests, 0)
  for (const { uses } of runs)
    for (const [process, { processorMs }] of uses) total.set(process, (total.get(process) ?? 0) + (1000 * processorMs) / requests)
  const parts = [...total].filter(([, microseconds]) => microseconds >= 1).toSorted((a, b) => b[1] - a[1])
  return { name, all: parts.reduce((sum, [, microseconds]) => sum + microseconds, 0), parts }
}

const USES: Column<Use>[] = [
  { title: 'requests', align: 'left', cell: ({ name }) => name },
  { title: 'all', align: 'right', cell: ({ all }) => all.toFixed(0) },
  {
    title: 'by process',
    align: 'left',
    cell: ({ parts }) => parts.map(([name, microseconds]) => `${name} ${microseconds.toFixed(0)}`).join(', '),
  },
]
