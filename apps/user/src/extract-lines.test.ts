import type { KindId, Line } from '@toolwright/contracts'
import { addToTool } from '@toolwright/queues'
import type { Program } from '@toolwright/queues/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Lab, line, openLab, RUN } from './testing.ts'

const BOTH = { extracted: true, called: true }
const EXTRACTED = { extracted: true, called: false }

/** Reads texts that name a number, and answers with it. */
function reads(isMine: (text: string) => boolean): Program {
  return {
    extract: (text) => {
      const n = /number (\d+)/.exec(text)?.[1]
      return n !== undefined && isMine(text) ? { n: Number(n) } : null
    },
    solve: ({ n }) => `it is ${String(n)}`,
  }
}

let lab: Lab
beforeEach(async () => {
  lab = await openLab()
  lab.serve('user')
})
afterEach(() => lab.close())

/** Lines for the first version of a kind, which has the first tier. */
async function extract(kind: KindId, lines: Line[]): Promise<void> {
  await addToTool(lab.jobs.queues, { run: RUN, kind, version: 1 }, { extracted: true }, lines)
}

describe('a line that another kind lays claim to', () => {
  test.each([
    ['its extractor refuses', reads(() => false), { rivals: BOTH }, true],
    ['its extractor accepts', reads(() => true), { rivals: BOTH }, false],
    ['its extractor cannot be asked', undefined, { rivals: BOTH }, false],
    ['its tool has no extractor', reads(() => true), { rivals: { extracted: false, called: true } }, true],
  ])('%s', async (_what, rival, { rivals }, isExtracted) => {
    const kind = await lab.publish('own', EXTRACTED)
    const other = await lab.publish('rival', rivals)
    lab.execute({ own: reads(() => true), ...(rival !== undefined && { rival }) })
    lab.watch('direct')
    await extract(kind, [line(1, 'the number 1', { kind, rivals: [other] }), line(2, 'the number 2', { kind })])
    await vi.waitFor(() => expect(lab.results.length + lab.seen.direct.flatMap((job) => job.lines).length).toBe(2), 10_000)
    const extracted = lab.results.map((result) => [result.seq, result.status === 'answered' ? [result.tier, result.answer] : result.error])
    expect(extracted).toEqual([...(isExtracted ? [[1, ['extracted', 'it is 1']]] : []), [2, ['extracted', 'it is 2']]])
    // The tool did read it: that is no reason for a new make.
    const sentOn = lab.seen.direct.flatMap((job) => job.lines.map(({ seq, hop }) => ({ seq, hop, refusedBy: job.refusedBy })))
    expect(sentOn).toEqual(isExtracted ? [] : [{ seq: 1, hop: 1, refusedBy: undefined }])
  })

  test('asks neither its own kind, where it came by an alias, nor one that is merged into another', async () => {
    const kind = await lab.publish('own', EXTRACTED)
    const merged = await lab.publish('merged', BOTH)
    await lab.services.registry.kinds.merge(merged, kind)
    lab.execute({ own: reads(() => true), merged: reads(() => true) })
    await extract(kind, [line(1, 'the number 1', { kind, rivals: [kind, merged] })])
    await vi.waitFor(() => expect(lab.results).toMatchObject([{ seq: 1, tier: 'extracted' }]), 10_000)
    expect(lab.seen.execution).toHaveLength(1)
  })
})

describe('a line that extract refuses', () => {
  test('goes on to the strong model as refused where nobody else writes arguments', async () => {
    const kind = await lab.publish('own', EXTRACTED)
    lab.execute({ own: reads((text) => !text.includes('7')) })
    lab.watch('direct')
    await extract(kind, [line(7, 'the number 7', { kind }), line(8, 'the number 8', { kind })])
    await vi.waitFor(() => expect(lab.seen.direct).toMatchObject([{ kind, refusedBy: 1, lines: [{ seq: 7, hop: 1 }] }]), 10_000)
    await vi.waitFor(() => expect(lab.results).toMatchObject([{ seq: 8, tier: 'extracted' }]))
  })

  test('drifts until six of them have started a new make', async () => {
    const kind = await lab.publish('own', EXTRACTED)
    lab.execute({ own: reads(() => false) })
    lab.watch('maker')
    lab.serve('direct')
    await extract(
      kind,
      [1, 2, 3, 4, 5, 6].map((seq) => line(seq, `in other words the number ${seq}`, { kind })),
    )
    await vi.waitFor(() => expect(lab.seen.maker).toEqual([{ v: 1, run: RUN, kind, generation: 2 }]), 10_000)
    await vi.waitFor(() => expect(lab.results).toHaveLength(6))
  })
})

describe('a version that was disabled while lines were on their way to it', () => {
  test('answers none of them: they are dispatched once more', async () => {
    const kind = await lab.publish('own', EXTRACTED)
    await lab.services.registry.kinds.point(kind, 0, 'disabled by hand')
    lab.execute({ own: reads(() => true) })
    lab.watch('requests')
    const lines = [line(1, 'the number 1', { kind }), line(2, 'the number 2', { kind })]
    await extract(kind, lines)
    await vi.waitFor(() => expect(lab.seen.requests).toEqual([{ v: 1, run: RUN, lines: lines.map((one) => ({ ...one, hop: 1 })) }]), 10_000)
    expect(lab.seen.execution).toEqual([])
    expect(lab.results).toEqual([])
  })

  test('answers none of them even when it was disabled while it ran', async () => {
    const kind = await lab.publish('own', EXTRACTED)
    lab.watch('requests')
    await extract(kind, [line(1, 'the number 1', { kind })])
    await vi.waitFor(async () => expect(await lab.jobs.queues.depth('execution')).toMatchObject({ waiting: 1 }), 10_000)
    await lab.services.registry.kinds.point(kind, 0, 'disabled by hand')
    lab.execute({ own: reads(() => true) })
    await vi.waitFor(() => expect(lab.seen.requests).toHaveLength(1), 10_000)
    expect(lab.seen.execution).toHaveLength(1)
    expect(lab.results).toEqual([])
  })
})
