import { paragraph, renderTable, type Column } from '../../table.ts'
import type { Surroundings } from '../../verb.ts'
import { withBenchStand } from './bench-stand.ts'
import { streamOf, timeRun } from './scenarios.ts'

const FAMILY = 'word-sorting'
const LATENCY_MS = 200
/** Jobs at the same time in each process, and calls in each job (MAX_DIRECT_LINES). */
const JOBS = 2
const CALLS_IN_JOB = 8
const SECONDS = 15
const USERS = [1, 2, 4]

interface Scale {
  users: number
  perSecond: number
  ideal: number
}

/** One, two and four tool users in front of a light model that takes 200 ms for an answer, beside what their calls at the same time allow. Returns the figures as text. */
export async function benchScale(surroundings: Surroundings, signal: AbortSignal): Promise<string> {
  const scales: Scale[] = []
  for (const users of USERS) {
    signal.throwIfAborted()
    surroundings.say(`\n${users} tool users`)
    const ideal = (users * JOBS * CALLS_IN_JOB * 1000) / LATENCY_MS
    const start = {
      families: [FAMILY],
      tier: 'called' as const,
      environment: { TOOLWRIGHT_CONCURRENCY: String(JOBS) },
      settings: { latency: { baseMs: LATENCY_MS }, wrongness: { light: { call: { otherwise: 0 } } } },
      users,
    }
    const perSecond = await withBenchStand(surroundings, start, signal, async (bench) => {
      await timeRun(bench, streamOf(bench.kinds, ideal * 2, 'warm-up'), 'called')
      return (await timeRun(bench, streamOf(bench.kinds, ideal * SECONDS, 'timed'), 'called')).perSecond
    })
    scales.push({ users, perSecond, ideal })
  }
  return [
    paragraph(
      `Requests of one kind that the light model (SIMULATED, ${LATENCY_MS} ms for every call) writes arguments for; each tool user has ${JOBS} jobs of ${CALLS_IN_JOB} calls in hand. Ideal: as many calls as that allows. All processes share this machine.`,
      surroundings.columns,
    ),
    '',
    renderTable(columnsFor(scales), scales, surroundings.columns),
  ].join('\n')
}

const columnsFor = ([first]: readonly Scale[]): Column<Scale>[] => [
  { title: 'tool users', align: 'right', cell: ({ users }) => String(users) },
  { title: 'requests/s', align: 'right', cell: ({ perSecond }) => perSecond.toFixed(0) },
  { title: 'ideal', align: 'right', cell: ({ ideal }) => ideal.toFixed(0) },
  { title: 'of the ideal', align: 'right', cell: ({ perSecond, ideal }) => `${((100 * perSecond) / ideal).toFixed(0)} %` },
  { title: 'against one', align: 'right', cell: ({ perSecond }) => `${(perSecond / (first?.perSecond ?? perSecond)).toFixed(2)} x` },
]
