import { familyNamed, generateStream } from '@toolwright/families'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPipeline, type Pipeline, seqsOf } from './pipeline.ts'

let pipeline: Pipeline

beforeAll(async () => {
  pipeline = await openPipeline()
}, 60_000)
afterAll(() => pipeline.close(), 60_000)

test(
  'a labelled stream of one named kind: a tool is made from the targets, and every line has its one right result',
  { timeout: 120_000 },
  async () => {
    const lines = [...generateStream({ families: [familyNamed('unit-conversion')!], count: 150, seed: 5, mix: true, typoShare: 0 })]
    const { code, results, talk } = await pipeline.run(
      lines.map((line, at) => ({ id: `conversion-${at}`, input: line.text, kind: 'unit conversion', target: line.target })),
    )

    expect(code, `${talk}\n${pipeline.log()}`).toBe(0)
    expect(seqsOf(results)).toEqual(lines.map((_, at) => at))
    expect(results.filter((result) => result.toolwright.tier === 'extracted').every((result) => result.toolwright.correct)).toBe(true)
    expect(results.filter((result) => result.toolwright.tier === 'extracted').length).toBeGreaterThan(110)
    expect(new Set(results.map((result) => result.toolwright.kind)).size).toBe(1)
    const ids = new Map(results.map((result) => [result.custom_id, result.toolwright.seq]))
    expect(ids.get('conversion-17')).toBe(17)
  },
)
