import { type Line, RunSettings } from '@toolwright/contracts'
import type { JobContext } from '@toolwright/queues'
import { openTestQueues, openWorkbench } from '@toolwright/queues/testing'
import { openAdministration } from '@toolwright/registry'
import { openTestRegistry } from '@toolwright/registry/testing'
import { openLog } from '@toolwright/runtime'
import { expect, test, vi } from 'vitest'
import { abandonMake, makeTool } from './make-tool.ts'
import type { Services } from './services.ts'

const FORGOTTEN = 'r-aaaaaaaaaa'
const OTHER = 'r-bbbbbbbbbb'
const log = openLog({ stage: 'test', level: 'error', write: () => undefined })

function lines(count: number, from: number): Line[] {
  return Array.from({ length: count }, (_, at) => ({ seq: from + at, customId: `c${at}`, text: `Sort ${from + at}`, frame: '', hop: 0 }))
}

test('a make that was called off leaves the lines of other runs to the make that is due now, and one of a kind that is gone ends', async () => {
  const data = openTestRegistry()
  const jobs = openTestQueues()
  const { registry } = data
  // A make that is not due comes to neither models nor index.
  const services = { registry, queues: jobs.queues } as unknown as Services
  const context = {} as JobContext
  const kind = await registry.kinds.named('sorting', '', 'Sort b a', OTHER)
  await registry.tools.addExamples(kind, [{ v: 1, text: 'Sort 0', answer: 'a', source: 'given', votes: 1, run: FORGOTTEN, at: 1 }])
  await registry.kinds.place(kind, FORGOTTEN, 'one', lines(10, 0), 'wait')
  await registry.kinds.place(kind, OTHER, 'two', lines(3, 20), 'wait')
  await registry.makes.begin(kind, 1, 60_000)
  await openAdministration(data).forgetTexts(FORGOTTEN)

  await makeTool(services, { v: 1, run: FORGOTTEN, kind, generation: 1 }, context)
  expect(await registry.kinds.waitingCount(kind)).toBe(3)
  expect(await jobs.queues.depth('direct')).toMatchObject({ waiting: 0 })
  // Of a make that was settled they are released as ever.
  await registry.kinds.settle(kind, 2, { end: 'declined', reason: 'no', cooldownMs: 60_000 })
  await makeTool(services, { v: 1, run: OTHER, kind, generation: 2 }, context)
  expect(await registry.kinds.waitingCount(kind)).toBe(0)
  expect(await jobs.queues.depth('direct')).toMatchObject({ waiting: 1 })

  expect(await makeTool(services, { v: 1, run: OTHER, kind: 'k-gone-1a2b3c', generation: 1 }, context)).toBeNull()
  await jobs.close()
  await data.close()
})

test('lines that wait for a kind that is merged into another go back to the dispatcher, each once; its make rests', async () => {
  const data = openTestRegistry()
  const jobs = openTestQueues()
  const { registry } = data
  // A make that rests comes to neither models nor index.
  const services = { registry, queues: jobs.queues } as unknown as Services
  await registry.runs.open(OTHER, RunSettings.parse({ v: 1 }), '')
  const kind = await registry.kinds.named('sorting', '', 'Sort b a', OTHER)
  const into = await registry.kinds.named('ordering', '', 'Order b a', OTHER)
  const all = lines(13, 0)
  await registry.kinds.place(kind, OTHER, 'one', all, 'wait')
  // Their dispatcher died after it had forgotten where it placed them.
  await registry.kinds.dropPlaced(OTHER, ['one'])
  await registry.kinds.place(kind, OTHER, 'one', all, 'wait')
  await registry.runs.noteDispatched(OTHER, all)
  await registry.runs.noteAnswered(OTHER, [{ seq: 12 }])
  await registry.makes.begin(kind, 1, 0)
  await registry.kinds.merge(kind, into)

  await makeTool(services, { v: 1, run: OTHER, kind, generation: 1 }, {} as JobContext)
  expect(await registry.kinds.waitingCount(kind)).toBe(0)
  const bench = openWorkbench(jobs, log, () => [])
  const sent = (await bench.jobs('requests')).flatMap((job) => job.data.lines.map(({ seq, hop }) => [seq, hop]))
  expect(sent).toEqual([
    [10, 1],
    [11, 1],
  ])
  expect(await registry.runs.get(OTHER)).toMatchObject({ waiting: 0, dispatched: 11 })
  expect([await registry.makes.isOverdue(kind, 1), (await registry.kinds.get(kind))?.generation]).toEqual([false, 1])
  await bench.close()
  await jobs.close()
  await data.close()
})

test('a make that ends is measured once, from when it began, and one that somebody else ended is not', async () => {
  const data = openTestRegistry()
  const jobs = openTestQueues()
  const { registry } = data
  const observeMake = vi.fn<Services['observeMake']>()
  // Who gives a make up comes to neither models nor index.
  const services = { registry, queues: jobs.queues, observeMake } as unknown as Services
  const context = { log } as JobContext
  const kind = await registry.kinds.named('sorting', '', 'Sort b a', OTHER)
  await registry.makes.begin(kind, 1, 60_000)
  await vi.waitFor(async () => expect(await registry.makes.ageMs(kind, 1)).toBeGreaterThan(50))
  const job = { v: 1, run: OTHER, kind, generation: 1 } as const
  await abandonMake(services, job, new Error('no'), context)
  await abandonMake(services, job, new Error('no'), context)
  expect(observeMake.mock.calls).toEqual([['declined', expect.toSatisfy((seconds: number) => seconds > 0.05 && seconds < 10)]])
  await jobs.close()
  await data.close()
})
