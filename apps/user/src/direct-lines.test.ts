import type { DirectJob } from '@toolwright/contracts'
import { ModelError } from '@toolwright/llm'
import { addDirect } from '@toolwright/queues'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { directHandlers } from './handlers.ts'
import { contextOf, type Lab, line, never, openLab, RUN, textOf } from './testing.ts'

const TIMED_OUT = new ModelError('no answer in time', 'timed-out', { maybeBilled: true })

let lab: Lab
beforeEach(async () => {
  lab = await openLab()
})
afterEach(() => lab.close())

describe('a line that the strong model cannot answer', () => {
  test('leaves its batch, and ends with an error after tries of its own', { timeout: 40_000 }, async () => {
    const reply = lab.replies.strong
    lab.replies.strong = (call) => (textOf(call).includes('number 3') ? TIMED_OUT : reply(call))
    lab.serve('direct')
    await addDirect(lab.jobs.queues, { run: RUN, kind: null, gather: false }, lines(0, 1, 2, 3, 4, 5, 6, 7))

    await vi.waitFor(() => expect(lab.results).toHaveLength(7), 10_000)
    expect(lab.results.map(({ seq }) => seq)).toEqual([0, 1, 2, 4, 5, 6, 7])
    for (const result of lab.results) expect(result).toMatchObject({ status: 'answered', answer: `answer ${result.seq}`, costNano: 100 })
    await vi.waitFor(() => expect(lab.results).toHaveLength(8), 30_000)
    expect(lab.results[7]).toMatchObject({ seq: 3, status: 'failed', error: { code: 'timed_out', message: 'no answer in time' } })
    // Once among the others, five times alone; nobody else was asked twice.
    expect(lab.strong.calls).toHaveLength(7 + 6)
    expect(await lab.services.registry.money.ledger(RUN)).toHaveLength(7)
  })

  test('is answered all the same where its reply is kept, and shows what was spent on it where none is', async () => {
    const { registry, payer } = lab.services
    const kind = await registry.kinds.named('numbers', '', 'the number 1')
    const spent = { costNano: 7, promptTokens: 3, outputTokens: 1 }
    const both = lines(1, 2).map((one) => ({ ...one, spent }))
    await registry.kinds.place(kind, RUN, 'token', both, 'wait')
    const call = { messages: [{ role: 'user' as const, content: 'the number 1' }], maxTokens: 5 }
    await payer.pay({ run: RUN, kind, field: '1:answer', role: 'strong', purpose: 'answer', text: 'the number 1' }, call, never)

    const job: DirectJob = { v: 1, run: RUN, kind, gather: true, lines: both }
    await directHandlers(lab.services).bury?.(job, new Error('Redis went away'), contextOf())
    await vi.waitFor(() => expect(lab.results).toHaveLength(2))
    expect(lab.results[0]).toMatchObject({ seq: 1, status: 'answered', tier: 'direct', answer: 'answer 1', costNano: 107 })
    expect(lab.results[1]).toMatchObject({ seq: 2, status: 'failed', costNano: 7, error: { code: 'internal_error' } })
    // The make that gathers does not wait for them.
    expect(await registry.kinds.gatheredCount(kind)).toBe(2)
  })
})

describe('a line that gathers', () => {
  test.each(['timed-out', 'rejected'] as const)('has its answer, though a further one is %s', async (kindOfError) => {
    const { registry } = lab.services
    const kind = await registry.kinds.named('numbers', '', 'the number 1')
    const reply = lab.replies.strong
    lab.replies.strong = (call) => (call.seed === undefined ? reply(call) : new ModelError('no', kindOfError))
    lab.serve('direct')
    await addDirect(lab.jobs.queues, { run: RUN, kind, gather: true }, [line(1, 'the number 1')])
    await vi.waitFor(() => expect(lab.results).toHaveLength(1))
    expect(lab.results[0]).toMatchObject({ status: 'answered', answer: 'answer 1', costNano: 100 })
    expect(await registry.tools.examples(kind)).toEqual([])
    expect(await registry.tools.gatheredTexts(kind)).toMatchObject([{ text: 'the number 1', answer: 'answer 1' }])
  })
})

describe('lines that an extractor refused', () => {
  test('are kept once the strong model has answered them alike twice; six start a new make', async () => {
    const { registry } = lab.services
    const kind = await lab.publish('numbers', { extracted: true, called: false })
    const reply = lab.replies.strong
    // Of line 0 the two answers differ.
    lab.replies.strong = (call) => (call.seed !== undefined && textOf(call).includes('number 0') ? 'another' : reply(call))
    lab.serve('direct')
    lab.watch('maker')
    await addDirect(lab.jobs.queues, { run: RUN, kind, gather: false, refusedBy: 1 }, lines(0, 1, 2, 3, 4, 5))
    await vi.waitFor(() => expect(lab.results).toHaveLength(6))
    expect((await registry.tools.examples(kind)).map(({ text, answer, refusedBy }) => [text, answer, refusedBy])).toEqual(
      [1, 2, 3, 4, 5].map((seq) => [`the number ${seq}`, `answer ${seq}`, 1]),
    )
    expect(lab.seen.maker).toEqual([])
    await addDirect(lab.jobs.queues, { run: RUN, kind, gather: false, refusedBy: 1 }, lines(6, 7, 8))
    await vi.waitFor(() => expect(lab.seen.maker).toEqual([{ v: 1, run: RUN, kind, generation: 2 }]))
    await vi.waitFor(() => expect(lab.results).toHaveLength(9))
    expect(await registry.tools.examples(kind)).toHaveLength(6)
    // A line's result shows its answer's cost; the second opinions are the make's.
    for (const result of lab.results) expect(result).toMatchObject({ status: 'answered', costNano: 100 })
    expect((await registry.money.ledger(RUN)).filter(({ bucket }) => bucket === 'makes')).toHaveLength(7)
    await vi.waitFor(async () => expect(await lab.data.redis.exists(`${lab.data.keyPrefix}run:${RUN}:replies`)).toBe(0))
  })

  test('are no examples of a version that serves no more, nor are lines that nobody refused', async () => {
    const { registry } = lab.services
    const kind = await lab.publish('numbers', { extracted: true, called: false })
    lab.serve('direct')
    await addDirect(lab.jobs.queues, { run: RUN, kind, gather: false }, [line(1, 'the number 1')])
    await addDirect(lab.jobs.queues, { run: RUN, kind, gather: false, refusedBy: 2 }, [line(2, 'the number 2', { target: 'two' })])
    await vi.waitFor(() => expect(lab.results).toHaveLength(2))
    expect(await registry.tools.examples(kind)).toEqual([])
    expect(lab.strong.calls).toHaveLength(2)
  })
})

function lines(...seqs: number[]) {
  return seqs.map((seq) => line(seq, `the number ${seq}`))
}
