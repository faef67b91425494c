import { QUEUES, type QueueName } from '@toolwright/contracts'
import { type Depth, type Queues, type RedisConnection, serverFacts } from '@toolwright/queues'
import type { Budget, KindIndex, KindState, Registry, Sums, Tools, Uncertain } from '@toolwright/registry'

/** What one scrape shows, read from Redis at one time. */
export interface State {
  /** Sums over all results ever written, by the fields of `registry.totals`. */
  totals: Record<string, number>
  /** Sums over all ledgers of the space. */
  spend: Sums[]
  /** Unsettled past their time-out, over all runs, done ones included as long as their calls are known: it is after the end of their run that most become uncertain. */
  uncertain: Uncertain
  /** What a day (UTC) may cost and what is taken of it, and the same of all active runs that have a limit together. */
  budgets: { day: Budget; runs: Budget }
  /** Active runs, and those of them that cannot pay until somebody mends something. */
  runs: { active: number; halted: number }
  /** Kinds by state, merged ones apart. */
  kinds: Record<KindState | 'merged', number>
  /** Tool versions. */
  tools: { active: number; demoted: number; retired: number }
  /** How long each make that is under way has been. */
  makeAgesMs: number[]
  makes: Awaited<ReturnType<Tools['makes']>>
  waitingLines: number
  queues: { queue: QueueName; depth: Depth; workers: number; oldestMs: number | null }[]
  /** Failed requests that are kept. */
  deadLetters: number
  /** Over all servers; the limit is 0 where one has none. */
  redisMemory: { usedBytes: number; limitBytes: number }
}

export interface Services {
  redis: RedisConnection
  registry: Registry
  queues: Queues
  index: KindIndex
}

/** Runs that are looked at, the newest first. */
const MAX_RUNS = 1_000

export async function readState({ redis, registry, queues, index }: Services): Promise<State> {
  const records = await registry.runs.list(MAX_RUNS)
  const active = records.filter((run) => run.state === 'active')
  const runs = active.map((run) => run.id)
  const [totals, spend, makes, makeAgesMs, waiting, uncertain, budgets, day, deadLetters, servers, depths] = await Promise.all([
    registry.totals.read(),
    registry.money.sums(null),
    registry.tools.makes(),
    registry.makes.agesMs(),
    registry.kinds.kindsWithWaiting(),
    registry.money.uncertain(null),
    Promise.all(runs.map((run) => registry.money.budget({ run }))),
    registry.money.budget('today'),
    Promise.all(records.map((run) => registry.failures.count(run.id))),
    serverFacts(redis, { asksForSnapshots: false }),
    Promise.all(queueNames().map((queue) => readQueue(queues, queue, runs))),
    index.refresh(),
  ])
  const limited = budgets.filter((one) => one.limitNano !== null)
  const waitingCounts = await Promise.all(waiting.map((kind) => registry.kinds.waitingCount(kind)))
  return {
    totals,
    spend,
    uncertain,
    budgets: {
      day,
      runs: {
        limitNano: limited.length === 0 ? null : sum(limited, (one) => one.limitNano ?? 0),
        spentNano: sum(limited, (one) => one.spentNano),
        reservedNano: sum(limited, (one) => one.reservedNano),
        overrunNano: sum(limited, (one) => one.overrunNano),
      },
    },
    runs: { active: active.length, halted: active.filter((run) => run.haltedBy !== null).length },
    ...readKinds(index),
    makes,
    makeAgesMs,
    waitingLines: sum(waitingCounts, (count) => count),
    queues: depths,
    deadLetters: sum(deadLetters, (count) => count),
    redisMemory: {
      usedBytes: sum(servers, (server) => server.usedMemoryBytes),
      limitBytes: servers.some((server) => server.maxMemoryBytes === 0) ? 0 : sum(servers, (server) => server.maxMemoryBytes),
    },
  }
}

/** Every run has a results queue of its own; they are shown as one, so that no run's id becomes a label. */
async function readQueue(queues: Queues, queue: QueueName, runs: string[]): Promise<State['queues'][number]> {
  const which: (string | undefined)[] = queue === 'results' ? runs : [undefined]
  const depths = await Promise.all(which.map((run) => queues.depth(queue, run)))
  const workers = await Promise.all(which.map((run) => queues.workersOf(queue, run)))
  const ages = (await Promise.all(which.map((run) => queues.oldestWaitMs(queue, run)))).filter((age) => age !== null)
  return {
    queue,
    depth: {
      waiting: sum(depths, (one) => one.waiting),
      active: sum(depths, (one) => one.active),
      delayed: sum(depths, (one) => one.delayed),
      failed: sum(depths, (one) => one.failed),
      waitingChildren: sum(depths, (one) => one.waitingChildren),
    },
    workers: sum(workers, (count) => count),
    oldestMs: ages.length === 0 ? null : Math.max(...ages),
  }
}

function readKinds(index: KindIndex): Pick<State, 'kinds' | 'tools'> {
  const kinds = { nursery: 0, gathering: 0, tooled: 0, declined: 0, unworthy: 0, demoted: 0, merged: 0 }
  const tools = { active: 0, demoted: 0, retired: 0 }
  for (const kind of index.all()) {
    kinds[kind.alias === '' ? kind.state : 'merged']++
    // Of a kind's versions one serves at most, or has been demoted; merged into another kind none does.
    const first = kind.alias !== '' ? 'retired' : kind.version > 0 ? 'active' : kind.state === 'demoted' ? 'demoted' : 'retired'
    if (kind.versions > 0) tools[first]++
    tools.retired += Math.max(0, kind.versions - 1)
  }
  return { kinds, tools }
}

function queueNames(): QueueName[] {
  // The keys of a literal object are its names.
  return Object.keys(QUEUES) as QueueName[]
}

function sum<T>(values: T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0)
}
