import { makeDataFolder } from '../../folders.ts'
import { paragraph, renderTable, type Column } from '../../table.ts'
import type { Surroundings } from '../../verb.ts'
import { type Claim, renderClaims } from '../sandbox/claims.ts'
import { median } from '../sandbox/statistics.ts'
import { type BenchStand, withBenchStand } from './bench-stand.ts'
import { streamOf, timeRun } from './scenarios.ts'
import { watchProcesses } from './watch-processes.ts'

const FAMILIES = ['word-sorting', 'unit-conversion', 'date-to-iso']
const REQUESTS = 20_000
/** Of processes that live through all of it. */
const PROCESSES = ['dispatcher', 'tool user', 'tool maker', 'executor', 'sandbox children']
const SHOWN = 10
/** From the second quarter to the last: caches are filled by then, and garbage collection leaves some play. */
const MAX_GROWTH = 0.05
const PLAY_BYTES = 8 * 2 ** 20

interface Sample {
  minutes: number
  perSecond: number
  resident: Map<string, number>
  redisBytes: number
  keys: number
}

/** Run after run for so many minutes, every answer checked, each run forgotten when it is done: nothing may grow. */
export async function benchEndurance(
  surroundings: Surroundings,
  { minutes }: { minutes: number },
  signal: AbortSignal,
): Promise<{ text: string; isMet: boolean }> {
  const samples: Sample[] = []
  await withBenchStand(surroundings, { families: FAMILIES, tier: 'extracted' }, signal, async (bench) => {
    const startedAt = performance.now()
    const elapsed = () => (performance.now() - startedAt) / 60_000
    for (let round = 0; elapsed() < minutes || samples.length < 4; round++) {
      signal.throwIfAborted()
      const { perSecond } = await timeRun(bench, streamOf(bench.kinds, REQUESTS, `round ${round}`), 'extracted')
      await forgetRuns(bench)
      samples.push({ minutes: elapsed(), perSecond, ...(await look(bench)) })
    }
  })
  const claims = claimsOf(samples)
  const every = Math.ceil(samples.length / SHOWN)
  const text = [
    paragraph(
      `Runs of ${REQUESTS} requests of ${FAMILIES.length} kinds one after the other, ${samples.length} in ${samples.at(-1)!.minutes.toFixed(1)} minutes; all answers were right. Memory is looked at after each run.`,
      surroundings.columns,
    ),
    '',
    renderTable(
      COLUMNS,
      samples.filter((_, at) => at % every === 0 || at === samples.length - 1),
      surroundings.columns,
    ),
    'Wanted',
    '',
    renderClaims(claims, surroundings.columns),
  ].join('\n')
  return { text, isMet: claims.every(({ isMet }) => isMet) }
}

/** What a run leaves for a week goes at once, and its files with it. */
async function forgetRuns({ stand, folder }: BenchStand): Promise<void> {
  const { runs } = stand.space.registry
  for (const { id } of await runs.list(100)) await runs.forget(id)
  makeDataFolder(folder, { isEmpty: true })
}

async function look({ stand, redisPid }: BenchStand): Promise<Omit<Sample, 'minutes' | 'perSecond'>> {
  const watch = watchProcesses([redisPid])
  const resident = watch.residentNow()
  watch.stop()
  const memory = await stand.space.redis.info('memory')
  return { resident, redisBytes: Number(/^used_memory:(\d+)/m.exec(memory)?.[1]), keys: await stand.space.redis.dbsize() }
}

function claimsOf(samples: readonly Sample[]): Claim[] {
  const quarter = Math.floor(samples.length / 4)
  const early = samples.slice(quarter, 2 * quarter)
  const late = samples.slice(-quarter)
  const compare = (what: string, of: (sample: Sample) => number, play: number, shown: (value: number) => string): Claim => {
    const [before, after] = [median(early.map(of)), median(late.map(of))]
    return {
      what: `${what}, from the second quarter to the last`,
      wanted: `at most ${100 * MAX_GROWTH} % more`,
      found: `${shown(before)} to ${shown(after)}`,
      isMet: after <= before * (1 + MAX_GROWTH) + play,
    }
  }
  return [
    ...PROCESSES.map((name) => compare(`memory of ${name}`, ({ resident }) => resident.get(name) ?? 0, PLAY_BYTES, mebibytes)),
    compare(
      'memory that Redis uses',
      ({ redisBytes }) => redisBytes,
      2 ** 20,
      (bytes) => `${(bytes / 2 ** 20).toFixed(2)} MiB`,
    ),
    compare('keys in Redis', ({ keys }) => keys, 2, String),
  ]
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`
}

const COLUMNS: Column<Sample>[] = [
  { title: 'minutes', align: 'right', cell: ({ minutes }) => minutes.toFixed(1) },
  { title: 'requests/s', align: 'right', cell: ({ perSecond }) => perSecond.toFixed(0) },
  ...PROCESSES.map((name): Column<Sample> => ({
    title: `${name}, MiB`,
    align: 'right',
    cell: ({ resident }) => ((resident.get(name) ?? 0) / 2 ** 20).toFixed(0),
  })),
  { title: 'Redis, MiB', align: 'right', cell: ({ redisBytes }) => (redisBytes / 2 ** 20).toFixed(2) },
  { title: 'keys', align: 'right', cell: ({ keys }) => String(keys) },
]
