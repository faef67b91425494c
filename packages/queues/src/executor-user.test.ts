import { type ExecutionJob, QUEUES } from '@toolwright/contracts'
import { openLog } from '@toolwright/runtime'
import { Queue, Worker } from 'bullmq'
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { test as base, describe, expect, vi } from 'vitest'
import { z } from 'zod'
import { connectRedis, keyPrefixes } from './connect.ts'
import { HopelessError } from './errors.ts'
import { allowExecutor, executorUser, type ExecutorUser, urlOfExecutor } from './executor-user.ts'
import type { RedisConnection } from './open-redis.ts'
import { openQueues, type Queues } from './queues.ts'
import { type ExecutionEnd, type RunningWorker, startWorker, type WorkerOptions } from './worker.ts'

const RUN = 'r-aaaaaaaaaa'
const KIND = 'k-sort-1a2b3c'
const log = openLog({ stage: 'test', level: 'error', write: () => undefined })

/** One test's own space: the connection of a trusted stage and that of an executor. */
interface Lab {
  user: ExecutorUser
  prefixes: { queues: string; registry: string }
  redis: RedisConnection
  executor: RedisConnection
  queues: Queues
  serve<Q extends 'maker' | 'user'>(queue: Q, handle: WorkerOptions<Q>['handle']): void
  execute(handle: WorkerOptions<'execution'>['handle']): RunningWorker
  /** What Redis has refused the executor so far. */
  refused(): Promise<string[]>
}

const test = base.extend<{ lab: Lab }>({
  // vitest reads from the first parameter's pattern which fixtures this one needs: none.
  // eslint-disable-next-line no-empty-pattern
  lab: async ({}, use) => {
    const url = process.env['REDIS_URL']
    if (url === undefined) throw new Error('REDIS_URL is not set: run tests with ./toolwright test, or name a Redis for them')
    const redis = connectRedis(url, { patient: true })
    const prefix = `test-${randomBytes(6).toString('hex')}`
    const user = executorUser(prefix, 'default')
    await allowExecutor(redis, user, 'a-password')
    const executor = connectRedis(urlOfExecutor(url, user, 'a-password'), { patient: true })
    const prefixes = keyPrefixes(prefix, 'default')
    const open = (connection: RedisConnection) => openQueues({ redis: connection, prefix: prefixes.queues, space: 'default' })
    const [queues, queuesOfExecutor] = [open(redis), open(executor)]
    const workers: RunningWorker[] = []
    await use({
      user,
      prefixes,
      redis,
      executor,
      queues,
      serve: (queue, handle) => void workers.push(startWorker({ queue, redis, queues, concurrency: 1, log, handle })),
      execute: (handle) => {
        const worker = startWorker({ queue: 'execution', redis: executor, queues: queuesOfExecutor, concurrency: 1, log, handle })
        workers.push(worker)
        return worker
      },
      refused: async () => {
        // A list of lists of field, value, field, value: the types of ioredis leave it open.
        const entries = (await redis.acl('LOG')) as unknown[][]
        const fields = entries.map((entry) => Object.fromEntries(entry.map((value, at) => [String(value), String(entry[at + 1])])))
        return fields.filter((entry) => entry['username'] === user.name).map((entry) => `${entry['reason']} ${entry['object']}`)
      },
    })
    await Promise.all(workers.map((worker) => worker.close(0)))
    await Promise.all([queues.close(), queuesOfExecutor.close()])
    executor.disconnect()
    await redis.acl('DELUSER', user.name)
    const keys = await redis.keys(`{${prefix}:*`)
    if (keys.length > 0) await redis.del(...keys)
    redis.disconnect()
  },
})

function execution(source: string): ExecutionJob {
  return { v: 1, source, calls: [{ text: 't', solve: true }], timeoutMs: 1_000, surroundings: 'first', resetEachCall: false }
}

function outcome(result: string) {
  return { v: 1 as const, outcomes: [{ status: 'ok' as const, result, arguments: null, stdout: '', stderr: '' }] }
}

/** Does what a source says: fails for good, fails at first, or answers. */
async function run(job: ExecutionJob, { attempt }: { attempt: number }) {
  if (job.source === 'hopeless') throw new HopelessError('x', 'no sandbox starts')
  if (job.source === 'flaky' && attempt === 1) throw new Error('once')
  return outcome(job.source)
}

const STEPS = { good: execution('good'), hopeless: execution('hopeless'), flaky: execution('flaky') }
const ENDS = {
  good: { status: 'done', result: outcome('good') },
  hopeless: { status: 'failed', reason: 'no sandbox starts' },
  flaky: { status: 'done', result: outcome('flaky') },
  last: { status: 'done', result: outcome('last') },
}

/** Those of BullMQ's scripts that a worker may run which neither reports progress nor repeats jobs. */
const SCRIPTS = new Set(
  [
    'moveToActive moveToFinished moveToDelayed moveJobFromActiveToWait moveStalledJobsToWait retryJob',
    'extendLock extendLocks releaseLock saveStacktrace getRateLimitTtl isMaxed',
  ].flatMap((names) => names.split(' ')),
)

describe.concurrent('the user of an executor', () => {
  test('serves a make: children that end, fail for good and are tried again, then one more', async ({ lab }) => {
    const ends: Record<string, ExecutionEnd>[] = []
    lab.serve('maker', async (_job, context) => {
      ends.push({ ...(await context.execute(STEPS)), ...(await context.execute({ last: execution('last') })) })
      return null
    })
    lab.execute(run)
    await vi.waitFor(async () => expect(await lab.queues.workersOf('execution'), 'those who look for workers see it').toBe(1), 5_000)
    await lab.queues.add('maker', [{ id: 'make-a', data: { v: 1, run: RUN, kind: KIND, generation: 1 } }])
    await vi.waitFor(() => expect(ends).toEqual([ENDS]), 10_000)
    await vi.waitFor(async () => expect(await lab.queues.depth('maker')).toMatchObject({ active: 0, waitingChildren: 0, failed: 0 }))
    expect(await lab.refused()).toEqual([])
  })

  test('serves a batch of the tool user', async ({ lab }) => {
    const ends: Record<string, ExecutionEnd>[] = []
    lab.serve('user', async (_job, context) => {
      ends.push({ ...(await context.execute(STEPS)), ...(await context.execute({ last: execution('last') })) })
      return null
    })
    lab.execute(run)
    const lines = [{ seq: 1, customId: 'line-1', text: 't', frame: '', hop: 0 }]
    await lab.queues.add('user', [{ id: 'extract-a', data: { v: 1, stage: 'extract', run: RUN, kind: KIND, version: 1, lines } }])
    await vi.waitFor(() => expect(ends).toEqual([ENDS]), 10_000)
    await vi.waitFor(async () => expect(await lab.queues.depth('user')).toMatchObject({ active: 0, waitingChildren: 0, failed: 0 }))
    expect(await lab.refused()).toEqual([])
  })

  test('takes up the job of a dead executor, puts off one that a newer version wrote, and hands back what it has in hand', async ({
    lab,
  }) => {
    const execute = new Queue('execution', { connection: lab.redis, prefix: lab.prefixes.queues })
    const dead = new Worker('execution', null, { connection: lab.redis, prefix: lab.prefixes.queues, lockDuration: 100 })
    await lab.queues.add('execution', [{ id: 'execution-a', data: execution('a') }])
    expect((await dead.getNextJob('dead'))?.id).toBe('execution-a')
    await dead.close(true)
    await execute.add('execution', { v: 2 }, { jobId: 'execution-new' })

    const begun: string[] = []
    const worker = lab.execute(
      ({ source }, { signal }) =>
        new Promise((_resolve, reject) => {
          begun.push(source)
          signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true })
        }),
    )
    // Redis tells a dead worker's job by its lock, at the second of two looks.
    await vi.waitFor(() => expect(begun).toEqual(['a']), QUEUES.execution.lockMs + 10_000)
    await worker.close(0)
    expect(await lab.queues.depth('execution')).toMatchObject({ waiting: 1, active: 0, delayed: 1, failed: 0 })
    expect(await lab.refused()).toEqual([])
    await execute.close()
  }, 30_000)

  test('reaches neither the registry nor other queues nor other spaces, not even from a script', async ({ lab }) => {
    const { queues, registry } = lab.prefixes
    const other = keyPrefixes(lab.user.name.split('.')[1]!, 'other')
    const forbidden = [
      `${registry}kinds`,
      `${registry}run:${RUN}:ledger`,
      `${queues}:requests:wait`,
      `${queues}:direct:wait`,
      `${queues}:results-${RUN}:wait`,
      `${other.queues}:execution:wait`,
      `${other.registry}kinds`,
      // Keys that a careless pattern would take for the executor's.
      `${registry}${queues}:execution:wait`,
      `x${registry}kinds`,
    ]
    for (const key of forbidden) {
      await lab.redis.hset(key, 'field', 'value')
      const script = (command: string) => lab.executor.eval(`return redis.call(${command})`, 0)
      const attempts = {
        read: lab.executor.hgetall(key),
        write: lab.executor.hset(key, 'field', 'mine'),
        remove: lab.executor.del(key),
        'move into': lab.executor.rpoplpush(`${queues}:execution:wait`, key),
        'script that names it': lab.executor.eval(`return redis.call('HGETALL', KEYS[1])`, 1, key),
        'script that reads it': script(`'HGETALL', '${key}'`),
        'script that writes it': script(`'HSET', '${key}', 'field', 'mine'`),
      }
      for (const [what, attempt] of Object.entries(attempts))
        await expect(attempt, `${what} ${key}`).rejects.toThrow(/NOPERM|can't access at least one of the keys/)
      expect(await lab.redis.hgetall(key)).toEqual({ field: 'value' })
      await lab.redis.del(key)
    }
    expect(await lab.executor.exists(`${queues}:execution:wait`, `${queues}:maker:wait`, `${queues}:user:wait`)).toBe(0)
  })

  test('neither lists keys nor looks around, administers, listens or publishes', async ({ lab }) => {
    const own = `${lab.prefixes.queues}:execution:wait`
    // Should one of them be allowed, it fails otherwise or does nothing: others use this Redis.
    const commands = [
      ['KEYS', 'nothing-has-this-name'],
      ['SCAN', '0'],
      ['RANDOMKEY'],
      ['DBSIZE'],
      ['FLUSHALL', 'nonsense'],
      ['FLUSHDB', 'nonsense'],
      ['SWAPDB', '0', '0'],
      ['CONFIG', 'GET', 'requirepass'],
      ['CONFIG', 'SET', 'nonsense', '0'],
      ['ACL', 'LIST'],
      ['ACL', 'SETUSER', lab.user.name, 'nonsense'],
      ['DEBUG', 'SLEEP', '0'],
      ['MODULE', 'LIST'],
      ['FUNCTION', 'LIST'],
      ['FCALL', 'nonsense', '0'],
      ['SCRIPT', 'FLUSH', 'nonsense'],
      ['SCRIPT', 'LOAD', 'return 1'],
      ['CLIENT', 'LIST'],
      ['CLIENT', 'KILL', 'ID', '0'],
      ['MONITOR'],
      ['SLOWLOG', 'GET'],
      ['SHUTDOWN', 'nonsense'],
      ['REPLICAOF', 'NO', 'ONE'],
      ['SORT', own, 'GET', `${lab.prefixes.registry}kinds`],
      ['MIGRATE', '127.0.0.1', '1', own, '0', '10'],
      ['OBJECT', 'ENCODING', own],
      ['PUBLISH', 'x', 'y'],
      ['SUBSCRIBE', 'x'],
      ['PSUBSCRIBE', 'x'],
    ] as const
    for (const [command, ...args] of commands) {
      // Some a server does not have, or has switched off for all.
      await expect(lab.executor.call(command, ...args), command).rejects.toThrow(/NOPERM|unknown command|command not allowed/)
      const inScript = `return redis.call(${[command, ...args].map((part) => `'${part}'`).join(',')})`
      const denied = /can't run this command|not allowed from script|Unknown Redis command|NOPERM/
      await expect(lab.executor.eval(inScript, 0), `a script with ${command}`).rejects.toThrow(denied)
    }
  })

  test('may do all that the scripts of a BullMQ worker do', () => {
    const { rules } = executorUser('p', 's')
    const require = createRequire(import.meta.url)
    const scripts = z
      .record(z.string(), z.object({ name: z.string(), content: z.string() }))
      .parse(require(join(dirname(require.resolve('bullmq')), 'scripts', 'index.js')))
    const contents = Object.values(scripts).flatMap(({ name, content }) => (SCRIPTS.has(name) ? [content] : []))
    expect(contents).toHaveLength(SCRIPTS.size)
    const called = new Set(
      contents.flatMap((content) => [...content.matchAll(/call\(\s*["']([A-Za-z]+)["']/g)].map(([, command]) => command!.toLowerCase())),
    )
    expect(called.size).toBeGreaterThan(30)
    expect([...called].filter((command) => !rules.includes(`+${command}`))).toEqual([])
  })
})
