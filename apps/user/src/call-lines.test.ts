import type { KindId, UserJob } from '@toolwright/contracts'
import { ModelError, type ModelCall } from '@toolwright/llm'
import { addCall } from '@toolwright/queues'
import type { Program } from '@toolwright/queues/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { userHandlers } from './handlers.ts'
import { contextOf, type Lab, line, never, openLab, RUN, textOf } from './testing.ts'

const CALLED = { extracted: false, called: true }
const HALVE: Program = {
  extract: () => null,
  solve: ({ n }) => {
    if (typeof n !== 'number' || n % 2 === 1) throw new Error('n is odd')
    return `half is ${n / 2}`
  },
}

let lab: Lab
let kind: KindId
beforeEach(async () => {
  lab = await openLab()
  kind = await lab.publish('halve', CALLED)
  lab.replies.light = (asked) => written(numberIn(asked))
})
afterEach(() => lab.close())

function written(n: number): { text: string; costNano: number } {
  return { text: `{"applies": true, "arguments": {"n": ${n}}}`, costNano: 5 }
}

/** The number that a call's request names. */
function numberIn({ messages }: ModelCall): number {
  const request = messages.findLast(({ role, content }) => role === 'user' && typeof content === 'string' && content.includes('number'))
  return Number(/number (\d+)/.exec(String(request?.content))?.[1])
}

function lines(...seqs: number[]) {
  return seqs.map((seq) => line(seq, `halve the number ${seq}`, { kind }))
}

async function call(refused: boolean, ...seqs: number[]): Promise<void> {
  await addCall(lab.jobs.queues, { run: RUN, kind, version: 1 }, refused, lines(...seqs))
}

async function isServing(): Promise<boolean> {
  return (await lab.services.registry.kinds.get(kind))?.version === 1
}

/** All lines that were seen on their way to the strong model. */
function sentOn() {
  return lab.seen.direct.flatMap((job) => job.lines.map(({ seq }) => seq)).toSorted((a, b) => a - b)
}

const SEQS = [2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24]

describe('a tool', () => {
  test.each(['timed-out', 'rejected'] as const)('is not blamed for a light model whose calls are %s', async (kindOfError) => {
    lab.replies.light = () => new ModelError('no', kindOfError, { maybeBilled: true })
    lab.execute({ halve: HALVE })
    lab.watch('direct')
    lab.serve('user')
    await call(false, ...SEQS)
    await vi.waitFor(() => expect(sentOn()).toEqual(SEQS), 5_000)
    expect(await isServing()).toBe(true)
    expect(lab.seen.execution).toEqual([])
  })

  test('is not blamed for an executor that fails, and nobody is asked to mend arguments that were right', async () => {
    lab.execute({})
    lab.watch('direct')
    lab.serve('user')
    await call(false, ...SEQS)
    await vi.waitFor(() => expect(sentOn()).toEqual(SEQS), 5_000)
    expect(await isServing()).toBe(true)
    expect(lab.light.calls).toHaveLength(SEQS.length)
    // What the arguments cost goes on with the lines.
    expect(lab.seen.direct.flatMap((job) => job.lines)[0]).toMatchObject({ spent: { costNano: 5 }, hop: 1 })
  })

  test('is blamed for what it cannot use though the light model was told once, and serves no more after six', async () => {
    lab.execute({ halve: HALVE })
    lab.watch('direct')
    lab.serve('user')
    await call(false, 1, 3, 5, 7, 9, 2)
    await vi.waitFor(() => expect(sentOn()).toEqual([1, 3, 5, 7, 9]), 5_000)
    expect(await isServing()).toBe(true)
    expect(lab.light.calls).toHaveLength(6 + 5)
    expect(textOf(lab.light.calls.at(-1)!)).toContain('n is odd')
    await call(false, 11)
    await vi.waitFor(() => expect(sentOn()).toEqual([1, 3, 5, 7, 9, 11]), 5_000)
    expect(await lab.services.registry.kinds.get(kind)).toMatchObject({ state: 'demoted', version: 0 })
  })
})

test('a job that is resumed with more arguments than it left with gives each line its own answer', async () => {
  let isHeld = true
  lab.replies.light = (asked) => {
    const n = numberIn(asked)
    if (n === 4 && isHeld) {
      isHeld = false
      return new ModelError('too many requests', 'rate-limited', { retryAfterMs: 1 })
    }
    return written(n)
  }
  lab.execute({ halve: HALVE })
  lab.serve('user')
  await call(false, 2, 4, 6)
  await vi.waitFor(() => expect(lab.results).toHaveLength(3), 10_000)
  const answers = new Map(lab.results.map((result) => [result.seq, result.status === 'answered' ? result.answer : result.error]))
  expect([2, 4, 6].map((seq) => answers.get(seq))).toEqual(['half is 1', 'half is 2', 'half is 3'])
  // The line that was late had its arguments at the second start of the same job.
  expect(lab.seen.execution.map((job) => job.calls.length)).toEqual([2, 3])
})

describe('lines of a version that serves no more', () => {
  test('go back to the dispatcher with what was spent on them, and nobody is asked', async () => {
    const { registry, payer } = lab.services
    await registry.runs.noteDispatched(RUN, lines(2, 4))
    const prompt = { messages: [{ role: 'user' as const, content: 'the number 2' }], maxTokens: 5 }
    await payer.pay({ run: RUN, kind, field: '2:call:1:1', role: 'light', purpose: 'call', text: 'x' }, prompt, never)
    await registry.kinds.point(kind, 0, 'disabled by hand')
    lab.execute({ halve: HALVE })
    lab.watch('requests')
    lab.serve('user')
    await call(false, 2, 4)
    await vi.waitFor(() => expect(lab.seen.requests).toHaveLength(1), 5_000)
    const [paid, other] = lab.seen.requests[0]!.lines
    expect(paid).toMatchObject({ seq: 2, kind, hop: 1, spent: { costNano: 5 } })
    expect(other).toEqual({ ...lines(4)[0]!, hop: 1 })
    expect([lab.light.calls.length, lab.seen.execution.length]).toEqual([1, 0])
    await vi.waitFor(async () => expect(await registry.money.kept({ run: RUN, field: '2:call:1:1' })).toBeNull())
    // They are on the way to be dispatched again.
    expect(await registry.runs.get(RUN)).toMatchObject({ dispatched: 0 })
  })
})

describe('lines that an extractor refused', () => {
  test('and the tool user could not answer go on as such, but for those that it finds foreign', async () => {
    lab.replies.light = (asked) => (numberIn(asked) === 5 ? '{"applies": false, "arguments": null}' : written(numberIn(asked)))
    lab.execute({ halve: HALVE })
    lab.watch('direct')
    lab.serve('user')
    await call(true, 3, 5)
    await vi.waitFor(() => expect(sentOn()).toEqual([3, 5]), 5_000)
    const bySeq = new Map(lab.seen.direct.map((job) => [job.lines[0]!.seq, job.refusedBy]))
    expect([bySeq.get(3), bySeq.get(5)]).toEqual([1, undefined])
  })

  test('are kept where the strong model gives the same answer as the tool', async () => {
    lab.replies.strong = (asked) => (numberIn(asked) === 4 ? 'half is 2' : 'something else')
    lab.execute({ halve: HALVE })
    lab.serve('user')
    await call(true, 4, 6)
    await vi.waitFor(() => expect(lab.results).toHaveLength(2), 5_000)
    expect(await lab.services.registry.tools.examples(kind)).toMatchObject([
      { text: 'halve the number 4', answer: 'half is 2', refusedBy: 1 },
    ])
  })
})

test('lines that no try could finish go on to the strong model with what was spent on them', async () => {
  const prompt = { messages: [{ role: 'user' as const, content: 'the number 2' }], maxTokens: 5 }
  await lab.services.payer.pay({ run: RUN, kind, field: '2:call:1:1', role: 'light', purpose: 'call', text: 'x' }, prompt, never)
  lab.watch('direct')
  const job: UserJob = { v: 1, stage: 'call', run: RUN, kind, version: 1, refused: false, lines: lines(2, 4) }
  await userHandlers(lab.services).bury?.(job, new Error('Redis went away'), contextOf())
  await vi.waitFor(() => expect(lab.seen.direct).toHaveLength(1))
  expect(lab.seen.direct[0]).toMatchObject({
    kind,
    gather: false,
    lines: [
      { seq: 2, hop: 1, spent: { costNano: 5 } },
      { seq: 4, hop: 1 },
    ],
  })
})
