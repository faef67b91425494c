import type { KindId } from '@toolwright/contracts'
import { ModelError } from '@toolwright/llm'
import { addJudge } from '@toolwright/queues'
import { shapeOf, tokensOf } from '@toolwright/registry'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { judgeLines } from './judge-lines.ts'
import { contextOf, type Lab, line, openLab, RUN, textOf } from './testing.ts'

const JUDGED = { v: 1 as const, stage: 'judge' as const, run: RUN }

let lab: Lab
beforeEach(async () => {
  lab = await openLab()
  lab.watch('requests')
})
afterEach(() => lab.close())

/** A kind whose first text this is, for the judge to be shown. */
async function kindOf(text: string): Promise<KindId> {
  return await lab.services.registry.kinds.named(text, '', text)
}

/** Sends a line to be judged, as its only one, and returns it as it comes back. */
async function judge(seq: number, text: string) {
  const before = lab.seen.requests.length
  await judgeLines(lab.services, { ...JUDGED, lines: [line(seq, text)] }, contextOf())
  await vi.waitFor(() => expect(lab.seen.requests.length).toBe(before + 1))
  return lab.seen.requests.at(-1)!.lines[0]!
}

describe('a line that is judged', () => {
  test('has the other kinds that the judge was shown as rivals', async () => {
    const shout = await kindOf('please shout this word at once')
    const spell = await kindOf('please spell this word at once')
    lab.replies.light = (call) => `{"group": ${groupOf(textOf(call), 'please spell')}}`
    expect(await judge(1, 'please spell this word at once: pear')).toMatchObject({
      kind: spell,
      decidedBy: 'judge',
      rivals: [shout],
      hop: 1,
    })
  })

  test('into no kind has all of them as rivals, for when its own has a tool', async () => {
    const kinds = [await kindOf('please shout this word at once'), await kindOf('please spell this word at once')]
    lab.replies.light = () => '{"group": 0}'
    const judged = await judge(1, 'please whisper this word at once: pear')
    expect(judged).toMatchObject({ decidedBy: 'nursery' })
    expect(judged.rivals?.toSorted()).toEqual(kinds.toSorted())
  })

  test('is judged anew where the reply that is kept was about other kinds', async () => {
    const { registry } = lab.services
    const text = 'please shout this word at once: pear'
    const chosen = await kindOf('please shout this word at once: fig')
    lab.replies.light = (call) => `{"group": ${groupOf(textOf(call), 'fig')}}`
    // A worker that dies after the reply, before it is used.
    vi.spyOn(registry.kinds, 'saveReading').mockRejectedValueOnce(new Error('killed'))
    await expect(judge(1, text)).rejects.toThrow('killed')
    // By now another kind is the nearest, and the first of those that are shown.
    const nearest = await kindOf(text)
    expect(await judge(1, text)).toMatchObject({ kind: chosen, rivals: [nearest] })
    expect(lab.light.calls).toHaveLength(2)
  })

  test('whose judge does not answer leaves its batch, and no other line waits for it', async () => {
    const spell = await kindOf('please spell this word at once')
    lab.replies.light = (call) =>
      textOf(call).includes('hangs') ? new ModelError('no answer in time', 'timed-out', { maybeBilled: true }) : '{"group": 1}'
    lab.watch('user')
    const lines = ['pear', 'hangs', 'fig'].map((word, seq) => line(seq, `please spell this word at once: ${word}`))
    await judgeLines(lab.services, { ...JUDGED, lines }, contextOf())
    await vi.waitFor(() => expect(lab.seen.user).toEqual([{ ...JUDGED, lines: [{ ...lines[1]!, hop: 1 }] }]))
    await vi.waitFor(() => expect(lab.seen.requests).toHaveLength(1))
    expect(lab.seen.requests[0]!.lines.map(({ seq, kind }) => [seq, kind])).toEqual([
      [0, spell],
      [2, spell],
    ])
  })

  test('whose judge never answers is answered by the strong model', { timeout: 40_000 }, async () => {
    await kindOf('please spell this word at once')
    lab.replies.light = () => new ModelError('no answer in time', 'timed-out', { maybeBilled: true })
    lab.serve('user')
    lab.watch('direct')
    await addJudge(lab.jobs.queues, RUN, [line(1, 'please spell this word at once: pear')])
    await vi.waitFor(() => expect(lab.seen.direct).toMatchObject([{ kind: null, gather: false, lines: [{ seq: 1, hop: 1 }] }]), 30_000)
  })
})

test('texts that differ in their numbers alone are a kind once there are three, one after the other', async () => {
  const { registry } = lab.services
  lab.replies.light = () => '{"group": 1}'
  const shape = shapeOf('', tokensOf('12 apples plus 7 pears'))
  const { kind } = await judge(1, '12 apples plus 7 pears')
  await judge(2, '3 apples plus 11 pears')
  // A decision would send the third line past the judge, and the kind would stay in the nursery.
  expect(await registry.kinds.recall([shape])).toEqual([null])
  expect(await judge(3, '8 apples plus 2 pears')).toMatchObject({ kind })
  expect(await registry.kinds.get(kind!)).toMatchObject({ state: 'gathering' })
  expect(await registry.kinds.recall([shape])).toEqual([kind])
})

/** The number of the group that holds a text. */
function groupOf(prompt: string, text: string): number {
  return prompt.split('# Group ').findIndex((group) => group.includes(text))
}
