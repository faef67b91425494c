import type { Line } from '@toolwright/contracts'
import type { JobContext } from '@toolwright/queues'
import { openTestQueues } from '@toolwright/queues/testing'
import { openAdministration } from '@toolwright/registry'
import { openTestRegistry } from '@toolwright/registry/testing'
import { expect, test } from 'vitest'
import { makeTool } from './make-tool.ts'
import type { Services } from './services.ts'

const FORGOTTEN = 'r-aaaaaaaaaa'
const OTHER = 'r-bbbbbbbbbb'

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
  await registry.tools.addExample(kind, { v: 1, text: 'Sort 0', answer: 'a', source: 'given', votes: 1, run: FORGOTTEN, at: 1 })
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
