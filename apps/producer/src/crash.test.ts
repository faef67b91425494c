import { type Line, RunSettings } from '@toolwright/contracts'
import { addRequests, openQueues } from '@toolwright/queues'
import { atEveryChange, connectMortal, type Handlers, type MortalRedis, openTestQueues, openWorkbench } from '@toolwright/queues/testing'
import { openKindIndex, openRegistry } from '@toolwright/registry'
import { openTestRegistry } from '@toolwright/registry/testing'
import { openLog } from '@toolwright/runtime'
import { expect, test } from 'vitest'
import { dispatch, sendToTool } from './dispatch.ts'
import { openRegrouping } from './regroup.ts'

const RUN = 'r-aaaaaaaaaa'
const log = openLog({ stage: 'test', level: 'error', write: () => undefined })

type World = Awaited<ReturnType<typeof openWorld>>

test('a job comes to the same wherever its dispatcher dies: every line goes one way, and each that gathers has one place', async () => {
  const calm = await openWorld()
  expect(await calm.bench.work(calm.handlers())).toBe('done')
  const undisturbed = await stateOf(calm)
  expect(undisturbed).toMatchObject({
    waiting: [10, 11, 12, 13],
    user: { judge: [18], extract: [15, 16, 17] },
    direct: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 19],
    started: 10,
    gathered: 10,
  })
  await calm.close()

  await atEveryChange(async (changes) => {
    const world = await openWorld()
    const process = await connectMortal(world.jobs.redisUrl, changes)
    const end = await world.bench.work(world.handlers(process), process)
    if (end === 'died') await world.bench.work(world.handlers())
    else process.redis.disconnect()
    expect(await stateOf(world), `killed before change ${changes}`).toEqual(undisturbed)
    await world.close()
    return end
  })
})

async function openWorld() {
  const data = openTestRegistry()
  const jobs = openTestQueues()
  const { registry } = data
  const bench = openWorkbench(jobs, log, () => [])
  await registry.runs.open(RUN, RunSettings.parse({ v: 1 }), '')
  const halve = await registry.kinds.named('halve', '', 'Halve the number 2')
  const shout = await registry.kinds.named('shout', '', 'Shout this word')
  await registry.kinds.settle(shout, 1, { end: 'published', version: 1, tool: JSON.stringify({ ...TOOL, kind: shout }) })
  const declined = await registry.kinds.named('declined', '', 'What is it all for?')
  await registry.kinds.settle(declined, 1, { end: 'declined', reason: 'no', cooldownMs: 60_000 })
  const merged = await registry.kinds.named('merged', '', 'Shout it')
  await registry.kinds.merge(merged, shout)

  await addRequests(jobs.queues, RUN, [
    ...Array.from({ length: 14 }, (_, n) => line(n, `Halve the number ${n}`, { kindName: 'halve', ...(n < 2 && { target: `${n / 2}` }) })),
    line(14, 'What is it all for?', { kindName: 'declined' }),
    line(15, 'Shout this word', { kindName: 'shout', target: 'WORD' }),
    line(16, 'Shout that word', { kindName: 'shout' }),
    line(17, 'Shout it', { kindName: 'merged' }),
    line(18, 'how many miles make a furlong'),
    line(19, 'n is 2', { body: { n: 2 } }),
  ])

  const answered: number[] = []
  const handlers = (process?: MortalRedis): Handlers => {
    const own = process === undefined ? registry : openRegistry({ redis: process.redis, keyPrefix: data.keyPrefix })
    const queues = process === undefined ? jobs.queues : openQueues({ redis: process.redis, prefix: jobs.prefix, space: jobs.queues.space })
    const services = {
      registry: own,
      queues,
      index: openKindIndex(own.kinds),
      settings: new Map(),
      regrouping: openRegrouping({
        concurrency: 1,
        isBacklogged: () => Promise.resolve(false),
        send: (destination, lines) => sendToTool({ registry: own, queues }, destination, lines),
      }),
    }
    return {
      requests: (job, context) => dispatch(services, job, context),
      // The user pool, which goes on while the dead dispatcher's job waits to be taken up again.
      direct: async (job) => {
        for (const { seq } of await registry.runs.unanswered(RUN, job.lines)) {
          answered.push(seq)
          if (job.gather && job.kind !== null) await registry.kinds.gathered(job.kind, RUN, seq)
          await registry.runs.noteAnswered(RUN, [{ seq }])
        }
      },
    }
  }
  return {
    data,
    jobs,
    bench,
    registry,
    halve,
    answered,
    handlers,
    close: async () => {
      await bench.close()
      await jobs.close()
      await data.close()
    },
  }
}

function line(seq: number, text: string, more: Partial<Line> = {}): Line {
  return { seq, customId: `c${seq}`, text, frame: '', hop: 0, ...more }
}

async function stateOf({ bench, registry, halve, answered }: World) {
  const user: Record<string, number[]> = {}
  for (const { data } of await bench.jobs('user'))
    user[data.stage] = [...(user[data.stage] ?? []), ...seqsOf(data.lines)].toSorted((a, b) => a - b)
  const waiting = (await registry.kinds.peekWaiting(halve, 100)).map((one) => one.line)
  const { started, allowed, generation } = (await registry.kinds.get(halve))!
  const run = (await registry.runs.get(RUN))!
  return {
    // A line that waits twice is released once.
    waiting: [...new Set(seqsOf(waiting))],
    isWaitingCounted: run.waiting === waiting.length,
    user,
    direct: answered.toSorted((a, b) => a - b),
    started,
    allowed,
    generation,
    gathered: await registry.kinds.gatheredCount(halve),
    examples: (await registry.tools.examples(halve)).map(({ text, answer, source }) => [text, answer, source]),
    makes: (await bench.jobs('maker')).map(({ data }) => data),
    dispatched: run.dispatched,
  }
}

function seqsOf(lines: Line[]): number[] {
  return lines.map(({ seq }) => seq)
}

const TOOL = {
  v: 1,
  version: 1,
  sha256: 'f',
  source: 'shout',
  schema: { type: 'object' },
  tiers: { extracted: true, called: true },
  verbatim: [],
  usage: [],
  runs: [],
  evidence: {
    proposedFrom: 3,
    heldBack: 3,
    extractedRight: 3,
    calledRight: 3,
    foreignTexts: 0,
    foreignAccepted: 0,
    mutants: 0,
    mutantsSurvived: 0,
    candidates: 1,
    repairs: 0,
  },
  model: 'big',
  generation: 1,
  costNano: null,
  at: 1,
}
