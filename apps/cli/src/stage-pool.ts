import type { QueueName } from '@toolwright/contracts'
import type { Queues } from '@toolwright/queues'
import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { CommandError, EXIT, type ExitCode } from './exit-codes.ts'
import type { Folders } from './folders.ts'
import { openLogFile } from './log-file.ts'
import type { StageUrls } from './redis/stage-urls.ts'
import { startStage, type Stage } from './stages.ts'
import { supervise } from './supervise.ts'

/** The queue by whose workers one can tell whether a stage is served; the exporter serves none. */
const QUEUE_OF = { producer: 'requests', user: 'user', maker: 'maker', executor: 'execution', exporter: null } as const satisfies Record<
  Stage,
  QueueName | null
>

/** The stages that a run cannot do without. */
export const NEEDED = ['producer', 'user', 'maker', 'executor'] as const satisfies readonly Stage[]

export interface PoolStart {
  /** How many processes of each stage. */
  counts: Partial<Record<Stage, number>>
  folders: Folders
  inherited: NodeJS.ProcessEnv
  urls: StageUrls
  queues: Queues
  /** Gives up waiting for them. */
  signal: AbortSignal
}

/** Worker processes that live as long as the command; each writes to a log of its own in the data folder. */
export interface StagePool {
  /** Rejects with CommandError when a process cannot run as it is set up; never resolves. */
  failed: Promise<never>
  stop(): Promise<void>
}

const START_TIMEOUT_MS = 60_000
const LOOK_MS = 50
const MAX_SANDBOXES = 4

/** The needed stages that have no live worker in this space. */
export async function stagesWithoutWorker(queues: Queues): Promise<(typeof NEEDED)[number][]> {
  const counts = await Promise.all(NEEDED.map((stage) => queues.workersOf(QUEUE_OF[stage])))
  return NEEDED.filter((_, at) => counts[at] === 0)
}

/** Starts the processes, and waits until those that boot at once serve their queues. Throws CommandError with what a process said that could not start. */
export async function startPool({ counts, folders, inherited, urls, queues, signal }: PoolStart): Promise<StagePool> {
  const stopping = new AbortController()
  const apps = stagesOf(counts).map(({ stage, name }) => {
    const log = openLogFile(folders.home, name)
    const concurrency = stage === 'executor' ? sandboxesEach(counts.executor ?? 1, inherited) : undefined
    return { name, log, start: () => startStage({ stage, folders, inherited, urls, concurrency, onLine: log.add }) }
  })
  const hopeless = new Map<string, number>()
  const ended = supervise({
    apps: apps.map(({ name, log, start }) => ({
      name,
      start: () => {
        const app = start()
        void app.exited.then((code) => hopeless.set(name, code))
        return app
      },
      log,
    })),
    // A line in the middle of a run's progress would spoil it; what died is in the logs, and is running again.
    say: (line) => apps.find(({ name }) => line.startsWith(`${name} `))?.log.add(line),
    signal: stopping.signal,
  })
  const failed = ended.then(async (code): Promise<never> => {
    if (stopping.signal.aborted) return new Promise<never>(() => undefined)
    const guilty = apps.find(({ name }) => hopeless.get(name) === code)
    throw failureOf(code, guilty?.name ?? 'a stage', guilty?.log)
  })
  failed.catch(() => undefined)
  const stop = async () => {
    stopping.abort()
    await ended
  }
  try {
    await Promise.race([untilServed(queues, counts, signal), failed])
  } catch (error) {
    await stop()
    throw error
  }
  return { failed, stop }
}

/** A command's own executors share the cores, and leave most of a large machine's memory alone: each sandbox takes some 220 MB. */
function sandboxesEach(executors: number, inherited: NodeJS.ProcessEnv): number | undefined {
  if (inherited['TOOLWRIGHT_CONCURRENCY'] !== undefined) return undefined
  return Math.max(1, Math.min(MAX_SANDBOXES, Math.floor(availableParallelism() / executors)))
}

function stagesOf(counts: Partial<Record<Stage, number>>): { stage: Stage; name: string }[] {
  // The keys are the stages that were named.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return (Object.entries(counts) as [Stage, number][]).flatMap(([stage, count]) =>
    Array.from({ length: count }, (_, at) => ({ stage, name: count === 1 ? stage : `${stage}.${at + 1}` })),
  )
}

async function untilServed(queues: Queues, counts: Partial<Record<Stage, number>>, signal: AbortSignal): Promise<void> {
  const until = Date.now() + START_TIMEOUT_MS
  for (const { stage } of stagesOf(counts)) {
    const queue = QUEUE_OF[stage]
    // An executor serves once its sandbox has booted, which takes seconds; until then its work waits, and nobody else needs to.
    if (queue === null || stage === 'executor') continue
    while (!signal.aborted && (await queues.workersOf(queue)) < (counts[stage] ?? 0)) {
      if (Date.now() > until) {
        throw new CommandError(
          EXIT.dependencyDown,
          `the ${stage} did not start within ${START_TIMEOUT_MS / 1000} s: see its log in the data folder`,
        )
      }
      await delay(LOOK_MS, undefined, { signal }).catch(() => undefined)
    }
  }
}

function failureOf(code: ExitCode, name: string, log: { path: string; lastWords: () => string[] } | undefined): CommandError {
  const words = log?.lastWords().join('\n') ?? ''
  const told = words === '' ? `see ${log?.path ?? 'the logs'}` : words
  return new CommandError(code, `the ${name} cannot run as it is set up: ${told}`)
}
