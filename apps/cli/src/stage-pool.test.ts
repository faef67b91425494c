import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Queues } from '@toolwright/queues'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { stagesWithoutWorker, startPool } from './stage-pool.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'toolwright-pool-'))
  app('maker', `console.error('TOOLWRIGHT_STRONG_MODEL is not set; name the strong model'); process.exit(5)`)
  const stays = `process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1000)`
  const tells = `console.log('ready ' + Object.entries(process.env).map(([name, value]) => name + '=' + value).sort().join(', '))`
  app('user', `${stays}; ${tells}`)
  app('executor', `${stays}; ${tells}`)
})
afterAll(() => rmSync(root, { recursive: true }))

/** What the pool asks of the queues: how many workers each has. */
function queuesWith(workersOf: (queue: string) => number): Queues {
  const known: Pick<Queues, 'workersOf'> = { workersOf: (queue) => Promise.resolve(workersOf(queue)) }
  // Nothing else of it is used here.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return known as Queues
}

function start(counts: Parameters<typeof startPool>[0]['counts'], queues: Queues, inherited: NodeJS.ProcessEnv = {}) {
  const folders = { root, home: join(root, 'home'), cache: join(root, 'cache') }
  const urls = { url: 'redis://127.0.0.1:1', executorUrl: 'redis://executor@127.0.0.1:1' }
  return startPool({ counts, folders, inherited, urls, queues, signal: new AbortController().signal })
}

test('tells which stages nobody serves', async () =>
  expect(await stagesWithoutWorker(queuesWith((queue) => (queue === 'maker' || queue === 'execution' ? 0 : 2)))).toEqual([
    'maker',
    'executor',
  ]))

test('a stage that cannot run as it is set up stops all, with what it said', async () => {
  const attempt = start(
    { user: 2, maker: 1 },
    queuesWith((queue) => (queue === 'user' ? 2 : 0)),
  )
  await expect(attempt).rejects.toMatchObject({
    exitCode: 5,
    message: 'the maker cannot run as it is set up: TOOLWRIGHT_STRONG_MODEL is not set; name the strong model',
  })
})

test('each process writes to a log of its own, and stops with the pool', async () => {
  const pool = await start(
    { user: 2 },
    queuesWith(() => 2),
  )
  for (const name of ['user.1', 'user.2']) {
    await vi.waitFor(() => expect(readFileSync(join(root, 'home', 'logs', `${name}.log`), 'utf8')).toContain('ready'), 10_000)
  }
  await pool.stop()
})

/** What a stage has said about its environment. */
async function environmentTold(name: string): Promise<string> {
  const path = join(root, 'home', 'logs', `${name}.log`)
  await vi.waitFor(() => expect(readFileSync(path, 'utf8')).toContain('TOOLWRIGHT_SPACE=here'), 10_000)
  return readFileSync(path, 'utf8')
}

test('an executor gets its own user of Redis and no key of a model; the others get theirs', async () => {
  const models = { OPENAI_API_KEY: 'k1', OPENAI_BASE_URL: 'http://u', TOOLWRIGHT_STRONG_API_KEY: 'k2', TOOLWRIGHT_LIGHT_MODEL: 'm' }
  const redis = { REDIS_URL: 'redis://all', TOOLWRIGHT_EXECUTOR_REDIS_URL: 'redis://e' }
  const pool = await start(
    { user: 1, executor: 1 },
    queuesWith(() => 1),
    { ...models, ...redis, TOOLWRIGHT_SPACE: 'here' },
  )
  const executor = await environmentTold('executor')
  expect(executor).toContain('REDIS_URL=redis://executor@127.0.0.1:1,')
  expect(executor).not.toMatch(/OPENAI|STRONG|LIGHT|TOOLWRIGHT_EXECUTOR/)
  const user = await environmentTold('user')
  expect(user).toContain('REDIS_URL=redis://127.0.0.1:1,')
  expect(user).toContain('OPENAI_API_KEY=k1')
  await pool.stop()
})

function app(name: string, source: string): void {
  mkdirSync(join(root, 'apps', name, 'src'), { recursive: true })
  writeFileSync(join(root, 'apps', name, 'src', 'main.ts'), source)
}
