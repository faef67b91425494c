import { type LineResult, type RequestsJob, RunSettings } from '@toolwright/contracts'
import { openQueues } from '@toolwright/queues'
import { atEveryChange, connectMortal, openTestQueues, openWorkbench } from '@toolwright/queues/testing'
import { openRegistry } from '@toolwright/registry'
import { openTestRegistry } from '@toolwright/registry/testing'
import { openLog } from '@toolwright/runtime'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { type Delivery, openDelivery } from './client/delivery.ts'
import { createReadTimes } from './client/read-times.ts'
import { ingest } from './ingest.ts'

const RUN = 'r-abcdefghij'
const log = openLog({ stage: 'test', level: 'error', write: () => undefined })
/** So long that some lines fill a batch. */
const PADDING = 'x'.repeat(60_000)

type World = Awaited<ReturnType<typeof openWorld>>

test.each([
  { ordered: true, dedupe: true },
  { ordered: false, dedupe: true },
  { ordered: true, dedupe: false },
])(
  'a run comes to the same wherever its client dies (%o): each line once, each request paid for once',
  { timeout: 300_000 },
  async (how) => {
    await atEveryChange(async (changes) => {
      const world = await openWorld(how)
      const mortal = await connectMortal(world.jobs.redisUrl, changes)
      const end = await Promise.race([client(world, mortal.redis).then(() => 'done' as const), mortal.died])
      if (end === 'died') {
        await world.delivery?.close()
        // Workers go on meanwhile: what was sent is answered, and those jobs are gone.
        await world.answer()
        await client(world)
      } else mortal.redis.disconnect()
      const at = `killed before change ${changes}`
      expect(world.lines(), at).toEqual(world.expected)
      expect(world.paid, at).toEqual(world.expectedPaid)
      const { undelivered } = world.data.registry
      expect([await undelivered.held(RUN), await undelivered.duplicates(RUN)], at).toEqual([[], []])
      await world.close()
      return end
    })
  },
)

/** What a client does, but for its worker: the test hands it the results. */
async function client(world: World, redis?: World['data']['redis']): Promise<void> {
  const { data, jobs, settings, out, input } = world
  const registry = redis === undefined ? data.registry : openRegistry({ redis, keyPrefix: data.keyPrefix })
  const queues = redis === undefined ? jobs.queues : openQueues({ redis, prefix: jobs.prefix, space: 'default' })
  const files = { output: out, errors: null, spoolFolder: world.folder }
  const delivery = await openDelivery({
    registry,
    queues,
    run: RUN,
    settings,
    ...files,
    say: () => undefined,
    readTimes: createReadTimes(() => performance.now()),
    onFailure: ({ message }) => expect.unreachable(message),
  })
  world.delivery = delivery
  const record = await registry.runs.open(RUN, settings, '')
  await delivery.begin()
  const deliver = async () => {
    while (world.results.length > 0) {
      // The last first: a job is done when its results are taken over.
      await delivery.take(world.results.at(-1)!)
      world.results.pop()
    }
  }
  const end = await ingest({
    registry,
    queues,
    request: {
      input: '-',
      retries: null,
      readsOn: true,
      output: out,
      errors: null,
      run: RUN,
      limit: null,
      settings,
      json: false,
      graceMs: 0,
    },
    // A file that nobody is left to close would be closed for us, with an error.
    stdin: Readable.from([Buffer.from(input)]),
    from: record.ingest,
    inputBefore: '-',
    duplicates: delivery.duplicates,
    onPassedOver: () => Promise.resolve(),
    credit: async () => {
      // Some answers come while the run is still being read.
      if (world.turns++ % 2 === 0) return
      await world.answer()
      await deliver()
    },
    settle: (results) => delivery.take(results),
    hasResult: delivery.has,
    keep: (write) => write(),
    onHandedOver: () => undefined,
    onRead: () => undefined,
    signal: new AbortController().signal,
  })
  for (let rounds = 0; delivery.size < end.seq; rounds++) {
    expect(rounds, 'rounds in which results are still missing').toBeLessThan(20)
    await world.answer()
    await deliver()
  }
  await delivery.close()
}

async function openWorld(how: { ordered: boolean; dedupe: boolean }) {
  const data = openTestRegistry()
  const jobs = openTestQueues()
  const bench = openWorkbench(jobs, log, () => [])
  const folder = mkdtempSync(join(tmpdir(), 'toolwright-client-'))
  const out = join(folder, 'out.jsonl')
  const texts = ['a', 'b', 'a', 'fails', '', 'c', 'fails', 'b', 'a', 'd', 'fails', 'e', 'a', 'f', 'b', 'g']
  const input = texts.map((text) => (text === '' ? 'no request\n' : `${JSON.stringify({ input: text + PADDING })}\n`)).join('')
  const firstOf = (text: string) => texts.indexOf(text)
  const isPaid = (text: string, at: number) => text !== '' && (!how.dedupe || text === 'fails' || firstOf(text) === at)
  const paid = new Map<number, number>()
  const results: LineResult[][] = []

  const resultOf = ({ seq, customId, text }: RequestsJob['lines'][number]): LineResult => {
    paid.set(seq, (paid.get(seq) ?? 0) + 1)
    const common = {
      seq,
      customId,
      kind: null,
      kindName: null,
      decidedBy: null,
      costNano: 5,
      baseline: { costNano: 9, basis: 'measured' as const },
    }
    const word = text.replace(PADDING, '')
    if (word === 'fails') return { ...common, status: 'failed', statusCode: 500, error: { code: 'no', message: 'no' } }
    const answered = { tier: 'direct' as const, tool: null, version: null, model: 'big', completion: null, usage: null, correct: null }
    return { ...common, ...answered, status: 'answered', answer: `${word}!` }
  }
  return {
    data,
    jobs,
    folder,
    input,
    out,
    settings: RunSettings.parse({ v: 1, ...how }),
    turns: 0,
    delivery: null as Delivery | null,
    paid,
    results,
    /** Answers all that is in the queue, each line in a job of its own. */
    answer: async () => {
      await bench.work({
        requests: async ({ lines }) => {
          await data.registry.runs.noteDispatched(RUN, lines)
          await data.registry.runs.noteAnswered(RUN, lines)
          results.push(...lines.map((line) => [resultOf(line)]))
          return null
        },
      })
    },
    expectedPaid: new Map(texts.flatMap((text, at) => (isPaid(text, at) ? [[at, 1] as const] : []))),
    expected: texts.map((text, at) => ({
      seq: at,
      answer: text === '' || text === 'fails' ? null : `${text}!`,
      cost: isPaid(text, at) ? '0.000000005' : '0',
      duplicateOf: text === '' || isPaid(text, at) ? undefined : `line-${firstOf(text) + 1}`,
    })),
    lines: () => {
      const lines = readFileSync(out, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => shownOf(JSON.parse(line) as OutputLine))
      return how.ordered ? lines : lines.toSorted((a, b) => a.seq - b.seq)
    },
    close: async () => {
      await bench.close()
      await jobs.close()
      await data.close()
      rmSync(folder, { recursive: true })
    },
  }
}

interface OutputLine {
  response: { body: { choices?: { message: { content: string } }[] } } | null
  toolwright: { seq: number; cost_usd: string; duplicate_of?: string }
}

function shownOf({ response, toolwright }: OutputLine) {
  const answer = response?.body.choices?.[0]?.message.content ?? null
  return { seq: toolwright.seq, answer, cost: toolwright.cost_usd, duplicateOf: toolwright.duplicate_of }
}
