import { QUEUES, type QueueName, shownUsd } from '@toolwright/contracts'
import { inspectRedis, type Depth } from '@toolwright/queues'
import { shownRedisUrl } from '@toolwright/runtime'
import { EXIT } from '../exit-codes.ts'
import { parseFlags, usageError } from '../flags.ts'
import { givenRun, recordOf } from '../given-run.ts'
import { withSpace, type Space } from '../open-space.ts'
import { RUN_COLUMNS, rowLine, rowOf, type RunRow } from '../run-rows.ts'
import { renderTable, type Column } from '../table.ts'
import type { Verb } from '../verb.ts'
import { watchRuns } from '../watch-runs.ts'
import { isatty } from 'node:tty'

const flags = {
  json: { type: 'boolean', about: 'as JSON' },
  watch: {
    type: 'boolean',
    about: 'again every second, until Ctrl-C or the end of RUN; elsewhere than on a terminal, a line whenever a run has changed',
  },
} as const

export const status: Verb = {
  name: 'status',
  summary: 'what is there and going on: workers, queues, runs, tools, money',
  positionals: '[RUN]',
  flags,
  about: `Looks at the Redis of REDIS_URL, or at the private one of this checkout, or of the demo with --demo. Runs are "running" while a client collects their results, "halted"
where the models refuse, "paused" (./toolwright pause), "interrupted" where they can be taken up again (./toolwright resume; for 30 days, or
TOOLWRIGHT_RUN_DAYS of the maker), "cancelled" or "done". With RUN, that run alone
in one line; --watch follows it from another terminal.`,
  run: async (args, surroundings) => {
    const { values, positionals } = parseFlags(args, flags)
    const run = positionals.length === 0 ? null : givenRun('status', positionals)
    if (values.json && values.watch) throw usageError('--json and --watch do not go together')
    return await withSpace(surroundings, async (space) => {
      if (values.watch) {
        const isLive = isatty(1) && surroundings.environment.terminal !== 'dumb'
        const all = async () => shown(await look(space), surroundings.columns)
        await watchRuns(surroundings, { space, run, isLive, look: all }, surroundings.interruption())
        return EXIT.ok
      }
      if (run !== null) {
        const row = await rowOf(space, await recordOf(space, run))
        await surroundings.print(`${values.json ? JSON.stringify(row, null, 2) : rowLine(row)}\n`)
        return EXIT.ok
      }
      const found = await look(space)
      await surroundings.print(values.json ? `${JSON.stringify(found, null, 2)}\n` : shown(found, surroundings.columns))
      return EXIT.ok
    })
  },
}

const LATEST_RUNS = 10
/** A run's own results queue is shown with the run. */
const SHARED = Object.keys(QUEUES).filter((queue): queue is Exclude<QueueName, 'results'> => queue !== 'results')

interface Status {
  redis: { url: string; private: boolean; product: string; version: string; used_memory_bytes: number; max_memory_bytes: number }
  space: string
  queues: ({ queue: string; stage: string; workers: number } & Depth)[]
  runs: RunRow[]
  kinds: Record<string, number>
  tools: { serving: number; published: number; declined: number; unworthy: number; being_made: number }
  /** Nano-dollars by bucket; calls without a known price are counted apart. */
  spent: { nano_usd: Record<string, number>; total_nano_usd: number; calls: number; unpriced_calls: number }
}

async function look(space: Space): Promise<Status> {
  const { registry, queues, url, isPrivate, name } = space
  const servers = await inspectRedis(url)
  const [first] = servers
  const lines = await Promise.all(
    SHARED.map(async (queue) => ({
      queue,
      stage: QUEUES[queue].stage,
      workers: await queues.workersOf(queue),
      ...(await queues.depth(queue)),
    })),
  )
  const kinds: Record<string, number> = {}
  let serving = 0
  for (const id of await registry.kinds.list()) {
    const kind = await registry.kinds.get(id)
    if (kind === null) continue
    const state = kind.alias === '' ? kind.state : 'merged'
    kinds[state] = (kinds[state] ?? 0) + 1
    if (kind.version > 0) serving++
  }
  const { published, declined, unworthy } = await registry.tools.makes()
  const maker = lines.find(({ queue }) => queue === 'maker')!
  const sums = await registry.money.sums(null)
  const nano: Record<string, number> = { results: 0, makes: 0, overhead: 0, waste: 0 }
  for (const row of sums) nano[row.bucket] = (nano[row.bucket] ?? 0) + row.costNano
  return {
    redis: {
      url: shownRedisUrl(url),
      private: isPrivate,
      product: first!.product,
      version: first!.version,
      used_memory_bytes: servers.reduce((sum, { usedMemoryBytes }) => sum + usedMemoryBytes, 0),
      max_memory_bytes: servers.reduce((sum, { maxMemoryBytes }) => sum + maxMemoryBytes, 0),
    },
    space: name,
    queues: lines,
    runs: await Promise.all((await registry.runs.list(LATEST_RUNS)).map((record) => rowOf(space, record))),
    kinds,
    tools: { serving, published, declined, unworthy, being_made: maker.waiting + maker.active + maker.delayed + maker.waitingChildren },
    spent: {
      nano_usd: nano,
      total_nano_usd: Object.values(nano).reduce((sum, one) => sum + one, 0),
      calls: sums.reduce((sum, { calls }) => sum + calls, 0),
      unpriced_calls: sums.reduce((sum, { unpriced }) => sum + unpriced, 0),
    },
  }
}

const QUEUE_COLUMNS: Column<Status['queues'][number]>[] = [
  { title: 'queue', align: 'left', cell: ({ queue }) => queue },
  { title: 'stage', align: 'left', cell: ({ stage }) => stage },
  { title: 'workers', align: 'right', cell: ({ workers }) => String(workers) },
  { title: 'waiting', align: 'right', cell: ({ waiting }) => String(waiting) },
  { title: 'active', align: 'right', cell: ({ active, waitingChildren }) => String(active + waitingChildren) },
  { title: 'delayed', align: 'right', cell: ({ delayed }) => String(delayed) },
  { title: 'failed', align: 'right', cell: ({ failed }) => String(failed) },
]

function shown({ redis, space, queues, runs, kinds, tools, spent }: Status, width: number): string {
  const memory = `${megabytes(redis.used_memory_bytes)}${redis.max_memory_bytes > 0 ? ` of ${megabytes(redis.max_memory_bytes)}` : ''}`
  const states = Object.entries(kinds).map(([state, count]) => `${count} ${state}`)
  const halted = runs.flatMap(({ run, state, halted_by }) => (state === 'halted' ? [`${run} has stopped: ${halted_by}`] : []))
  return [
    `Redis    ${redis.product} ${redis.version}${redis.private ? ', private' : ''} at ${redis.url}, ${memory}`,
    `Space    ${space}`,
    '',
    renderTable(QUEUE_COLUMNS, queues, width),
    runs.length === 0 ? 'No runs yet.\n' : renderTable(RUN_COLUMNS, runs, width),
    ...halted,
    `Kinds    ${states.length === 0 ? 'none' : states.join(', ')}`,
    `Tools    ${tools.serving} serve, ${tools.being_made} being made; of all makes ${tools.published} were published, ${tools.declined} given up, ${tools.unworthy} not worth it`,
    shownSpent(spent),
    '',
  ].join('\n')
}

function shownSpent({ calls, unpriced_calls: unpriced, total_nano_usd: total, nano_usd: nano }: Status['spent']): string {
  if (calls > 0 && unpriced === calls)
    return `Spent    unknown: of none of the ${calls} calls are price and usage known (TOOLWRIGHT_PRICES can name a file of prices)`
  const parts = Object.entries(nano).map(([bucket, cost]) => `${bucket} ${shownUsd(cost)}`)
  const rest = unpriced > 0 ? `; the cost of ${unpriced} calls is unknown` : ''
  return `Spent    ${unpriced > 0 ? 'at least ' : ''}${shownUsd(total)} in ${calls} calls: ${parts.join(', ')}${rest}`
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`
}
