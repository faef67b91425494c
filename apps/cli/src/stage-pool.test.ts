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
  app('user', `process.on('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1000); console.log('ready')`)
})
afterAll(() => rmSync(root, { recursive: true }))

/** What the pool asks of the queues: how many workers each has. */
function queuesWith(workersOf: (queue: string) => number): Queues {
  const known: Pick<Queues, 'workersOf'> = { workersOf: (queue) => Promise.resolve(workersOf(queue)) }
  // Nothing else of it is used here.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return known as Queues
}

function start(counts: Parameters<typeof startPool>[0]['counts'], queues: Queues) {
  const folders = { root, home: join(root, 'home'), cache: join(root, 'cache') }
  return startPool({ counts, folders, inherited: {}, redisUrl: 'redis://127.0.0.1:1', queues, signal: new AbortController().signal })
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

function app(name: string, source: string): void {
  mkdirSync(join(root, 'apps', name, 'src'), { recursive: true })
  writeFileSync(join(root, 'apps', name, 'src', 'main.ts'), source)
}
