import type { Space } from '../../open-space.ts'
import { paragraph, renderTable, type Column } from '../../table.ts'
import type { Surroundings } from '../../verb.ts'
import { type Claim, renderClaims } from '../sandbox/claims.ts'
import { median } from '../sandbox/statistics.ts'
import { timeBare, withBenchStand } from './bench-stand.ts'
import { publishSampleKind } from './sample-kinds.ts'
import { type RunFigures, streamOf, timeRun } from './scenarios.ts'

const FAMILY = 'word-sorting'
const KINDS = 1_000
/** A ratio that is lower than the first by more than this has not grown with its stream. */
const MAX_LOSS = 0.15
/** For each line of a run: ids, and which are written. */
const MAX_BYTES_PER_LINE = 16
/** From the middle of the second quarter of a stream to the middle of the last: the share of its lines. */
const LINES_BETWEEN = 0.5
/** Garbage collection leaves some play. */
const PLAY_BYTES = 8 * 2 ** 20
const PROCESSES = ['client', 'dispatcher', 'tool user', 'tool maker', 'executor', 'sandbox children', 'Redis']

interface Step {
  name: string
  requests: number
  rounds: { bare: RunFigures; ours: RunFigures }[]
}

/** The same kind of request in ever longer streams, and then with a thousand kinds in the registry; each beside the bare chain. `count`: the longest. Returns the figures as text. */
export async function benchGrowth(surroundings: Surroundings, { count }: { count: number }, signal: AbortSignal): Promise<string> {
  const sizes = [...new Set([Math.ceil(count / 100), Math.ceil(count / 10), count])]
  const steps: Step[] = []
  await withBenchStand(surroundings, { families: [FAMILY], tier: 'extracted' }, signal, async (bench) => {
    const step = async (name: string, requests: number, rounds: number): Promise<Step> => {
      const timed: Step['rounds'] = []
      for (let round = 0; round < rounds; round++) {
        signal.throwIfAborted()
        const stream = streamOf(bench.kinds, requests, `${name} ${round}`)
        const before = await timeBare(bench, stream)
        const ours = await timeRun(bench, stream, 'extracted')
        const after = await timeBare(bench, stream)
        timed.push({ bare: { ...after, perSecond: (before.perSecond + after.perSecond) / 2 }, ours })
      }
      return { name, requests, rounds: timed }
    }
    await timeRun(bench, streamOf(bench.kinds, sizes[0]!, 'warm-up'), 'extracted')
    for (const [at, size] of sizes.entries()) steps.push(await step(`${size} requests`, size, at === 0 ? 5 : 3))
    surroundings.say(`publishing ${KINDS} kinds`)
    await publishMany(bench.stand.space, surroundings.folders.root)
    steps.push(await step(`${sizes.at(-2)!} requests, ${KINDS} more kinds in the registry`, sizes.at(-2)!, 3))
  })
  return render(steps, sizes, surroundings.columns)
}

/** Kinds that read alike and differ in one word. */
async function publishMany(space: Space, root: string): Promise<void> {
  for (let at = 0; at < KINDS; at++) await publishSampleKind(space, root, FAMILY, 'extracted', `variant${at}`)
}

function render(steps: readonly Step[], sizes: readonly number[], columns: number): string {
  const [first, ...others] = steps
  const claims: Claim[] = others.map((step) => {
    const share = ratioOf(step) / ratioOf(first!)
    const shown = (value: number) => `${(100 * value).toFixed(0)} % of the ratio at ${first!.requests} requests`
    return { what: step.name, wanted: `at least ${shown(1 - MAX_LOSS)}`, found: shown(share), isMet: share >= 1 - MAX_LOSS }
  })
  const longest = steps[sizes.length - 1]!
  const lines = LINES_BETWEEN * longest.requests
  for (const name of PROCESSES) {
    const bytes = median(longest.rounds.map((round) => growthOf(round.ours, name)))
    const limit = (name === 'client' ? MAX_BYTES_PER_LINE * lines : 0) + PLAY_BYTES
    claims.push({
      what: `memory of ${name} in ${longest.requests} requests, from the second quarter to the last`,
      wanted: `at most ${(limit / 2 ** 20).toFixed(1)} MiB more`,
      found: `${(bytes / 2 ** 20).toFixed(1)} MiB, ${(bytes / lines).toFixed(1)} bytes a line`,
      isMet: bytes <= limit,
    })
  }
  return [
    paragraph(
      'One kind of request in ever longer streams beside a bare chain of 10,000, medians of rounds; every answer was checked.',
      columns,
    ),
    '',
    renderTable(STEPS, steps, columns),
    'Wanted',
    '',
    renderClaims(claims, columns),
  ].join('\n')
}

function ratioOf({ rounds }: Step): number {
  return median(rounds.map(({ bare, ours }) => ours.perSecond / bare.perSecond))
}

/** The median over the rounds of the most that processes of this name had in memory, in bytes. */
function peakOf({ rounds }: Step, name: string): number {
  return median(rounds.map(({ ours }) => ours.uses.get(name)?.peakBytes ?? 0))
}

/** What processes of this name had in memory in the last quarter of a run more than in the second, medians of many looks, in bytes. */
function growthOf({ uses }: RunFigures, name: string): number {
  const looks = uses.get(name)?.looks ?? []
  const quarter = Math.floor(looks.length / 4)
  return median(looks.slice(-quarter)) - median(looks.slice(quarter, 2 * quarter))
}

const STEPS: Column<Step>[] = [
  { title: 'stream', align: 'left', cell: ({ name }) => name },
  { title: 'bare/s', align: 'right', cell: ({ rounds }) => median(rounds.map(({ bare }) => bare.perSecond)).toFixed(0) },
  { title: 'pipeline/s', align: 'right', cell: ({ rounds }) => median(rounds.map(({ ours }) => ours.perSecond)).toFixed(0) },
  { title: 'ratio', align: 'right', cell: (step) => ratioOf(step).toFixed(2) },
  ...PROCESSES.map((name): Column<Step> => ({
    title: `${name}, MiB`,
    align: 'right',
    cell: (step) => (peakOf(step, name) / 2 ** 20).toFixed(0),
  })),
]
