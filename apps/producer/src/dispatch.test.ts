import { type Line, RunSettings } from '@toolwright/contracts'
import { type JobContext, startWorker, type RunningWorker } from '@toolwright/queues'
import { openTestQueues, type TestQueues } from '@toolwright/queues/testing'
import { openKindIndex, shapeOf, tokensOf } from '@toolwright/registry'
import { openTestRegistry, type TestRegistry } from '@toolwright/registry/testing'
import { openLog } from '@toolwright/runtime'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { dispatch } from './dispatch.ts'
import { openRegrouping } from './regroup.ts'

const RUN = 'r-aaaaaaaaaa'
const log = openLog({ stage: 'test', level: 'error', write: () => undefined })

let data: TestRegistry
let jobs: TestQueues
let worker: RunningWorker
let sent: Line[]
beforeEach(async () => {
  data = openTestRegistry()
  jobs = openTestQueues()
  sent = []
  await data.registry.runs.open(RUN, RunSettings.parse({ v: 1 }), '')
  const handle = (job: { lines: Line[] }) => {
    sent.push(...job.lines)
    return Promise.resolve(null)
  }
  worker = startWorker({ queue: 'direct', redis: jobs.redis, queues: jobs.queues, concurrency: 1, log, handle })
})
afterEach(async () => {
  await worker.close(0)
  await jobs.close()
  await data.close()
})

async function dispatchLine(line: Line): Promise<void> {
  const { registry } = data
  const regrouping = openRegrouping({ concurrency: 1, send: () => Promise.resolve() })
  const services = { registry, queues: jobs.queues, index: openKindIndex(registry.kinds), regrouping, settings: new Map() }
  const context: JobContext = {
    jobId: 'requests-a',
    attempt: 1,
    signal: new AbortController().signal,
    log,
    execute: () => Promise.reject(new Error('nothing is executed here')),
  }
  await dispatch(services, { v: 1, run: RUN, lines: [line] }, context)
}

test('a line of a remembered decision has the kinds nearest to it as rivals, but for its own', async () => {
  const { kinds } = data.registry
  const text = 'please spell this word at once: pear'
  const spell = await kinds.named('spell', '', 'please spell this word at once')
  const shout = await kinds.named('shout', '', 'please shout this word at once')
  await kinds.named('far', '', 'how many miles make twenty furlongs')
  await kinds.remember(shapeOf('', tokensOf(text)), spell)
  await dispatchLine({ seq: 1, customId: 'line-1', text, frame: '', hop: 0 })
  await vi.waitFor(() => expect(sent).toMatchObject([{ kind: spell, decidedBy: 'decision', rivals: [shout] }]))
})
