import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPipeline, type Pipeline, until } from './pipeline.ts'

let pipeline: Pipeline

beforeAll(async () => {
  // Nobody answers: the run waits for its results.
  pipeline = await openPipeline({ stages: { producer: 0, user: 0, maker: 0, executor: 0 } })
}, 60_000)
afterAll(() => pipeline.close(), 60_000)

test('a Redis that comes back without the latest lines ends the run, which says how to go on, and does', { timeout: 60_000 }, async () => {
  const input = Array.from({ length: 100 }, (_, at) => ({ input: `question ${at}` }))
  const { run, ended } = pipeline.begin(input)
  await until('all is read', async () => (await pipeline.registry.runs.get(run))?.ingest.isDone === true)
  // What a fail-over to a replica that lagged leaves: an earlier checkpoint, and none of the later jobs.
  await pipeline.registry.runs.saveIngest(run, { offset: 0, seq: 0, lineNumber: 1, refused: 0, isDone: false })
  await pipeline.queues.dropJobs(run)
  const { code, talk } = await ended
  expect(code).toBe(6)
  expect(talk).toContain(
    `Redis has lost the latest of the 100 requests that it had taken of run ${run}, in a fail-over or a crash. What is written stays. To read on from what it still knows: ./toolwright resume ${run}`,
  )

  const again = pipeline.begin(input, { run })
  await until('all is read again', async () => (await pipeline.registry.runs.get(run))?.ingest.isDone === true)
  expect((await pipeline.queues.depth('requests')).waiting).toBeGreaterThan(0)
  again.process.kill('SIGINT')
  again.process.kill('SIGINT')
  await again.ended
})
