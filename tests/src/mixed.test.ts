import type { Bucket } from '@toolwright/contracts'
import { families, generateStream, type StreamLine } from '@toolwright/families'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { atMost } from './at-most.ts'
import { familyOfKind } from './family-of-kind.ts'
import { answerOf, openPipeline, type Pipeline, type ResultLine, type RunEnd, seqsOf } from './pipeline.ts'
import { served } from './served.ts'

const JUDGE_WRONGNESS = 0.01
/** Two makes within a cool-down, each of two candidates with three repairs (DESIGN.md, section 4). */
const MAX_PROPOSALS = 2 * 2 * (1 + 3)

const lines: StreamLine[] = [...generateStream({ families, count: 900, seed: 23, mix: true, typoShare: 0.01 })]

let pipeline: Pipeline
let end: RunEnd
let run: string
let familyOf: Map<string, string>

beforeAll(async () => {
  pipeline = await openPipeline({ stages: { producer: 2, user: 2, maker: 2, executor: 2 } })
  // Neither targets nor kinds: what is right is held against the answers afterwards.
  // Eager: 39 lines of a family are too few for a tool to pay for itself, and it is the tools that are on trial here.
  const started = pipeline.begin(
    lines.map((line) => ({ input: line.text })),
    { settings: { make: 'eager' } },
  )
  run = started.run
  end = await started.ended
  familyOf = familyOfKind(end.results, lines)
}, 240_000)
afterAll(() => pipeline.close(), 60_000)

function lineOf(result: ResultLine): StreamLine {
  return lines[result.toolwright.seq]!
}

test('every request has exactly one result, and none failed', () => {
  expect(end.code, `${end.talk}\n${pipeline.log()}`).toBe(0)
  expect(seqsOf(end.results)).toEqual(lines.map((_, at) => at))
  expect(end.results.filter((result) => result.response?.status_code !== 200)).toEqual([])
})

test('every extracted answer is right', () => {
  const extracted = end.results.filter((result) => result.toolwright.tier === 'extracted')
  // How many hangs on when tools are made, which no two runs have in common; enough to tell by.
  expect(extracted.length, end.talk).toBeGreaterThan(lines.length * 0.15)
  const wrong = extracted.filter((result) => answerOf(result) !== lineOf(result).target)
  expect(wrong.map((result) => [lineOf(result).family, lineOf(result).text, answerOf(result)])).toEqual([])
})

test("no request is extracted by another family's tool, near misses least of all", () => {
  const astray = end.results.filter(
    ({ toolwright }) => toolwright.tier === 'extracted' && familyOf.get(toolwright.kind!) !== lines[toolwright.seq]!.family,
  )
  expect(astray.map((result) => [lineOf(result).family, result.toolwright.tool, lineOf(result).text])).toEqual([])
})

test("near misses are called by each other's tool no more often than the judge is wrong", () => {
  const pairs = new Map(families.flatMap((family) => (family.nearMissOf === null ? [] : [[family.name, family.nearMissOf]])))
  const inPairs = end.results.filter((result) => {
    const { family } = lineOf(result)
    return pairs.has(family) || [...pairs.values()].includes(family)
  })
  const crossed = inPairs.filter(({ toolwright }) => {
    const { family } = lines[toolwright.seq]!
    const maker = familyOf.get(toolwright.kind ?? '') ?? family
    return toolwright.tier === 'called' && (pairs.get(family) === maker || pairs.get(maker) === family)
  })
  expect(inPairs.length).toBeGreaterThan(400)
  expect(crossed.length).toBeLessThanOrEqual(atMost(inPairs.length, JUDGE_WRONGNESS))
})

test('what no tool can answer is given up: no tool serves it, and its makes are bounded', async () => {
  const untoolable = new Set(families.filter((family) => family.group === 'untoolable').map((family) => family.name))
  const tiers = end.results.filter((result) => untoolable.has(lineOf(result).family)).map((result) => result.toolwright.tier)
  expect(new Set(tiers)).toEqual(new Set(['direct']))

  const proposals = new Map<string, number>()
  for (const { kind, purpose } of await pipeline.ledger(run))
    if (purpose === 'propose' || purpose === 'repair') proposals.set(kind ?? '', (proposals.get(kind ?? '') ?? 0) + 1)
  expect(proposals.size).toBeGreaterThan(0)
  for (const [kind, count] of proposals) expect(count, `${kind} of ${familyOf.get(kind)}`).toBeLessThanOrEqual(MAX_PROPOSALS)
})

test('the ledger adds up: by bucket, with what the endpoint served, and with what the results say', async () => {
  const ledger = await pipeline.ledger(run)
  const sums = await pipeline.registry.money.sums(run)
  for (const bucket of ['results', 'makes', 'overhead', 'waste'] as const) expect(costOf(sums, bucket), bucket).toBe(costOf(ledger, bucket))
  expect(sums.reduce((sum, row) => sum + row.calls, 0)).toBe(ledger.length)
  expect(costOf(ledger, 'waste')).toBe(0)

  const { tokens } = await served(pipeline)
  for (const [model, counts] of Object.entries(tokens)) {
    const paid = ledger.filter((entry) => entry.model === model).map((entry) => entry.tokens)
    const total = (of: (one: (typeof paid)[number]) => number) => paid.reduce((sum, one) => sum + of(one), 0)
    expect(
      {
        prompt: total((one) => one.uncachedInput + one.cacheRead + one.cacheWrite),
        cached: total((one) => one.cacheRead),
        completion: total((one) => one.output),
      },
      model,
    ).toEqual(counts)
  }

  const inResults = end.results.reduce((sum, result) => sum + Math.round(Number(result.toolwright.cost_usd) * 1e9), 0)
  expect(inResults).toBe(costOf(ledger, 'results'))
})

function costOf(rows: { bucket: Bucket; costNano: number | null }[], bucket: Bucket): number {
  return rows.filter((row) => row.bucket === bucket).reduce((sum, row) => sum + (row.costNano ?? Number.NaN), 0)
}
