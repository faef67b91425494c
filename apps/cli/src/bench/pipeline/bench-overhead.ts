import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Column, paragraph, renderTable } from '../../table.ts'
import type { Surroundings } from '../../verb.ts'
import { atLeast, atMost, type Claim, renderClaims } from '../sandbox/claims.ts'
import { median, medianInterval } from '../sandbox/statistics.ts'
import { type BenchStand, type BenchStandStart, withBenchStand } from './bench-stand.ts'
import { type RunFigures, type Stream, streamOf, timeRun } from './scenarios.ts'
import { scrape } from './scrape.ts'

const FAMILY = 'word-sorting'
const SIMULATOR = 'simulator'
const SCRAPE_MS = 5_000
/** The share of the throughput without them that must be left. */
const WANTED = 0.95
/** Of requests that are called, which take longer, there are so many times fewer. */
const CALLED_SHARE = 5

interface Measured {
  tier: 'extracted' | 'called'
  requests: number
  rounds: { whole: RunFigures; bare: RunFigures }[]
}

/** A pipeline, and how a stream is timed in it. */
interface Contestant {
  bench: BenchStand
  run(stream: Stream): Promise<RunFigures>
}

/**
 * What metrics and ledger cost: two pipelines side by side, one as it always is and scraped every five seconds, one without metrics and ledger (`without-ledger-main.ts`), in turns on the same
 * requests. Returns the figures as text.
 */
export async function benchOverhead(
  surroundings: Surroundings,
  { rounds, count }: { rounds: number; count: number },
  signal: AbortSignal,
): Promise<string> {
  const measured: Measured[] = []
  for (const tier of ['extracted', 'called'] as const) {
    const requests = tier === 'extracted' ? count : Math.ceil(count / CALLED_SHARE)
    surroundings.say(`\n${tier}: with metrics and ledger, and without`)
    const one: Measured = { tier, requests, rounds: [] }
    await withBoth(surroundings, tier, signal, async (whole, bare) => {
      const stream = (name: string, length: number) => streamOf(whole.bench.kinds, length, `${tier} ${name}`)
      for (const contestant of [whole, bare]) await contestant.run(stream('warm-up', Math.ceil(requests / 2)))
      for (let round = 0; round < rounds; round++) {
        signal.throwIfAborted()
        const same = stream(`round ${round}`, requests)
        // Whoever is first in one round is second in the next.
        if (round % 2 === 0) one.rounds.push({ whole: await whole.run(same), bare: await bare.run(same) })
        else {
          const second = await bare.run(same)
          one.rounds.push({ whole: await whole.run(same), bare: second })
        }
      }
      await expectNoLedger(bare.bench)
    })
    measured.push(one)
  }
  return render(measured, surroundings.columns)
}

async function withBoth(
  surroundings: Surroundings,
  tier: Measured['tier'],
  signal: AbortSignal,
  work: (whole: Contestant, bare: Contestant) => Promise<void>,
): Promise<void> {
  const { folders, inherited } = surroundings
  const at = (name: string) => ({ ...surroundings, folders: { ...folders, home: join(folders.home, name) } })
  const preload = pathToFileURL(join(folders.root, 'apps/cli/src/bench/pipeline/without-ledger-main.ts')).href
  const start: BenchStandStart = { families: [FAMILY], tier, settings: { wrongness: { light: { call: { otherwise: 0 } } } } }
  const bareStart: BenchStandStart = {
    ...start,
    environment: { TOOLWRIGHT_METRICS: 'off', NODE_OPTIONS: `${inherited['NODE_OPTIONS'] ?? ''} --import=${preload}` },
  }
  await withBenchStand(at('overhead'), { ...start, exporters: 1 }, signal, async (one) => {
    await withBenchStand(at('overhead-bare'), bareStart, signal, async (other) => {
      const home = at('overhead').folders.home
      const scraped = async (stream: Stream) => {
        const scraping = startScraping(join(home, 'metrics'))
        try {
          return await timeRun(one, stream, tier)
        } finally {
          await scraping.stop()
        }
      }
      await work({ bench: one, run: scraped }, { bench: other, run: (stream) => timeRun(other, stream, tier) })
    })
  })
}

/** Asks every process for its metrics, again and again. A process may end meanwhile, the client of a run above all. */
function startScraping(folder: string): { stop(): Promise<void> } {
  let last: Promise<unknown> = Promise.resolve()
  const timer = setInterval(() => {
    last = last.then(() => scrape(folder))
  }, SCRAPE_MS)
  return {
    stop: async () => {
      clearInterval(timer)
      await last
    },
  }
}

/** Whoever renames what is replaced would else compare a ledger with a ledger. */
async function expectNoLedger({ stand: { space } }: BenchStand): Promise<void> {
  const [sums, totals] = [await space.registry.money.sums(null), await space.registry.totals.read()]
  if (sums.length + Object.keys(totals).length > 0)
    throw new Error('the pipeline that was to have no ledger has one: see without-ledger-main.ts')
}

function render(measured: readonly Measured[], columns: number): string {
  return [
    paragraph(
      `Two whole pipelines on this machine, in turns on the same requests of one kind, medians of rounds: as it always is, every process scraped each ${SCRAPE_MS / 1000} s; and with metrics off (TOOLWRIGHT_METRICS), no exporter, and a registry that keeps replies but reserves, books and counts nothing. Models (SIMULATED) answer at once.`,
      columns,
    ),
    '',
    renderTable(COLUMNS, measured, columns),
    "Processor time for each request, in microseconds: medians of rounds, and of what a round's two runs differ by",
    '',
    renderTable(USES, measured.flatMap(usesOf), columns),
    'Wanted',
    '',
    renderClaims(measured.flatMap(claimsOf), columns),
  ].join('\n')
}

/** The rates scatter with whatever else the machine does; processor time does so less. */
function claimsOf(one: Measured): Claim[] {
  const all = usesOf(one)[0]!
  const ratios = all.whole.map((used, round) => used / all.bare[round]!)
  return [
    atLeast(`throughput with metrics and ledger, ${one.tier}, against without`, WANTED, median(ratiosOf(one)), (value) => value.toFixed(3)),
    atMost(`processor time for a request, ${one.tier}, against without`, 1 / WANTED, median(ratios), (value) => value.toFixed(3)),
  ]
}

function interval(values: readonly number[], digits: number): string {
  const { low, high } = medianInterval(values)
  return `${low.toFixed(digits)} to ${high.toFixed(digits)}`
}

function ratiosOf({ rounds }: Measured): number[] {
  return rounds.map(({ whole, bare }) => whole.perSecond / bare.perSecond)
}

interface Use {
  name: string
  /** Microseconds for each request, one for each round. */
  whole: number[]
  bare: number[]
}

/** All processes together, then each that takes part; the simulator's apart: it stands for models that are elsewhere. */
function usesOf({ tier, rounds }: Measured): Use[] {
  const names = new Set(rounds.flatMap(({ whole, bare }) => [...whole.uses.keys(), ...bare.uses.keys()]))
  names.delete(SIMULATOR)
  const use = (name: string, which: readonly string[]): Use => ({
    name,
    whole: rounds.map((one) => processorOf(one.whole, which)),
    bare: rounds.map((one) => processorOf(one.bare, which)),
  })
  const parts = [...names].map((name) => use(`  ${name}`, [name])).toSorted((one, other) => median(other.whole) - median(one.whole))
  return [use(`${tier}, all`, [...names]), ...parts]
}

/** Microseconds of these processes for each request. */
function processorOf({ uses, requests }: RunFigures, names: readonly string[]): number {
  return names.reduce((sum, name) => sum + (1000 * (uses.get(name)?.processorMs ?? 0)) / requests, 0)
}

/** What a round's run with metrics and ledger took more than the one without. */
function moreOf({ whole, bare }: Use): number[] {
  return whole.map((one, round) => one - bare[round]!)
}

const USES: Column<Use>[] = [
  { title: 'process', align: 'left', cell: ({ name }) => name },
  { title: 'with', align: 'right', cell: ({ whole }) => median(whole).toFixed(0) },
  { title: 'without', align: 'right', cell: ({ bare }) => median(bare).toFixed(0) },
  { title: 'more', align: 'right', cell: (use) => median(moreOf(use)).toFixed(0) },
  { title: 'its 95 % interval', align: 'left', cell: (use) => interval(moreOf(use), 0) },
]

const COLUMNS: Column<Measured>[] = [
  { title: 'tier', align: 'left', cell: ({ tier }) => tier },
  { title: 'count', align: 'right', cell: ({ requests }) => String(requests) },
  { title: 'with both/s', align: 'right', cell: ({ rounds }) => median(rounds.map((one) => one.whole.perSecond)).toFixed(0) },
  { title: 'without/s', align: 'right', cell: ({ rounds }) => median(rounds.map((one) => one.bare.perSecond)).toFixed(0) },
  { title: 'ratio', align: 'right', cell: (one) => median(ratiosOf(one)).toFixed(3) },
  { title: 'its 95 % interval', align: 'left', cell: (one) => interval(ratiosOf(one), 3) },
  { title: 'rounds', align: 'right', cell: ({ rounds }) => String(rounds.length) },
]
