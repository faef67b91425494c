import { exactUsd, type LineResult, type Purpose, RunSettings, type TierName } from '@toolwright/contracts'
import { LATENCY_BOUNDS_MS, type Registry } from '@toolwright/registry'
import { openTestRegistry, type TestRegistry } from '@toolwright/registry/testing'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readRun } from './read-run.ts'
import { renderPage } from './render-page.ts'
import { axisOf, type Pixel, type ReadPlot, readPlots } from './testing.ts'

const RUN = 'r-aaaaaaaaaa'

interface Line {
  kind: string | null
  tier: TierName | null
  costNano: number
  baselineNano: number
  isDuplicate: boolean
  isRight: boolean | null
  /** Milliseconds after the beginning of the run; whole seconds, as in results. */
  writtenMs: number
  tookMs: number
}

interface Call {
  kind: string | null
  purpose: Purpose
  costNano: number
  atMs: number
}

let data: TestRegistry
let folder: string
let page: string
let lines: Line[]
let calls: Call[]
let kinds: { convert: string; date: string; irony: string }
/** From the beginning of the run to its last call or answer. */
let lastMs: number

beforeAll(async () => {
  data = openTestRegistry()
  folder = mkdtempSync(join(tmpdir(), 'toolwright-plots-'))
  const { registry } = data
  const output = join(folder, 'results.jsonl')
  await registry.runs.open(RUN, RunSettings.parse({ v: 1 }), 'in.jsonl')
  await registry.runs.saveFiles(RUN, 'in.jsonl', { input: '-', output, errors: null, limit: null, retries: null, host: hostname() })
  kinds = {
    convert: await registry.kinds.named('convert units', '', 'Convert 3 miles to kilometres'),
    date: await registry.kinds.named('dates', '', 'Write 3 May 2021 as an ISO date'),
    irony: await registry.kinds.named('irony', '', 'Is this ironic: fine weather'),
  }
  // A results line tells whole seconds: the run began at one.
  const createdAt = Math.floor((await registry.runs.get(RUN))!.createdAt / 1000) * 1000
  ;({ lines, calls } = inventRun(kinds))
  lastMs = Math.max(...lines.map(({ writtenMs }) => writtenMs), ...calls.map(({ atMs }) => atMs))
  for (const [at, call] of calls.entries()) await book(registry, at, call)
  writeFileSync(output, lines.map((line, seq) => `${JSON.stringify(outputLine(line, seq, createdAt))}\n`).join(''))
  await registry.totals.addResults(
    RUN,
    lines.flatMap((line, seq) => resultOf(line, seq)),
    new Map(lines.map(({ tookMs }, seq) => [seq, tookMs])),
  )
  // All calls were booked within a moment: the ledger is read with the times that they were given.
  const money: Registry['money'] = {
    ...registry.money,
    entries: async function* (run) {
      let at = 0
      for await (const entry of registry.money.entries(run)) yield { ...entry, at: createdAt + calls[at++]!.atMs }
    },
  }
  const record = (await registry.runs.get(RUN))!
  page = renderPage(await readRun({ ...registry, money }, { ...record, createdAt }))
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await data.close()
})

/** 400 requests: of a kind whose tool pays, of one whose tool does not, of one that no tool serves, and of none; and what was paid for them. */
function inventRun({ convert, date, irony }: typeof kinds): { lines: Line[]; calls: Call[] } {
  let state = 20_261_122
  const below = (bound: number) => (state = (state * 48_271) % 2_147_483_647) % bound
  const made: Line[] = []
  const paid: Call[] = [
    { kind: convert, purpose: 'propose', costNano: 190_000_000, atMs: 21_000 },
    { kind: convert, purpose: 'repair', costNano: 85_000_000, atMs: 40_500 },
    { kind: date, purpose: 'propose', costNano: 240_000_000, atMs: 95_250 },
    { kind: date, purpose: 'propose', costNano: 410_000_000, atMs: 130_000 },
    { kind: irony, purpose: 'propose', costNano: 150_000_000, atMs: 160_000 },
  ]
  for (let at = 0; at < 400; at++) {
    const kind = [convert, convert, convert, convert, convert, date, date, irony, irony, null][below(10)]!
    const isTooled = (kind === convert && at > 40) || (kind === date && at > 130)
    const chance = below(100)
    const tier = chance < 2 ? null : isTooled ? (chance < (kind === convert ? 12 : 40) ? 'called' : 'extracted') : 'direct'
    const isDuplicate = tier !== null && chance === 99
    const answerNano = { [convert]: 3_000_000, [date]: 4_500_000, [irony]: 7_000_000 }[kind ?? ''] ?? 5_000_000
    const costNano =
      tier === null || tier === 'extracted' || isDuplicate
        ? 0
        : tier === 'called'
          ? 400_000 + below(100_000)
          : answerNano + below(2_000_000)
    const writtenMs = (2 + Math.floor(at * 1.3) + below(4)) * 1000
    made.push({
      kind,
      tier,
      costNano,
      baselineNano: tier === 'direct' && !isDuplicate ? costNano : answerNano + 1_000_000,
      isDuplicate,
      isRight: kind === null || below(10) < 2 ? null : below(20) > 0,
      writtenMs,
      tookMs: { extracted: 20 + below(400), called: 500 + below(3_000), direct: 900 + below(60_000) }[tier ?? 'direct'],
    })
    if (costNano > 0) paid.push({ kind, purpose: tier === 'called' ? 'call' : 'answer', costNano, atMs: writtenMs - 137 })
  }
  return { lines: made, calls: paid.toSorted((a, b) => a.atMs - b.atMs) }
}

async function book({ money }: Registry, at: number, { kind, purpose, costNano }: Call): Promise<void> {
  const role = purpose === 'call' ? 'light' : 'strong'
  const intent = {
    run: RUN,
    field: `${at}:${purpose}`,
    kind,
    role,
    purpose,
    model: role,
    boundNano: null,
    timeoutMs: 60_000,
    textBytes: 40,
  } as const
  const tokens = { uncachedInput: 100, cacheRead: 0, cacheWrite: 0, output: 20 }
  const reply = { v: 1, text: '', finish: 'stop', model: role, tokens, costNano, price: 'test@1', completion: null } as const
  await money.settle(intent, 1, reply, 300_000)
}

function outputLine({ kind, tier, costNano, baselineNano, isDuplicate, isRight, writtenMs }: Line, seq: number, createdAt: number) {
  const id = `${RUN}-${seq}`
  return {
    id,
    custom_id: `line ${seq}`,
    response:
      tier === null
        ? null
        : { status_code: 200, request_id: id, body: { id: `chatcmpl-${id}`, created: (createdAt + writtenMs) / 1000, choices: [] } },
    error: tier === null ? { code: seq % 2 === 0 ? 'bad_line' : 'no_answer', message: 'nothing came of it' } : null,
    toolwright: {
      run: RUN,
      seq,
      kind,
      kind_name: null,
      tier,
      tool: tier === null || tier === 'direct' ? null : kind,
      version: tier === null || tier === 'direct' ? null : 1,
      decided_by: 'template',
      cost_usd: exactUsd(costNano),
      baseline_usd: exactUsd(baselineNano),
      baseline_basis: 'measured',
      correct: tier === null ? null : isRight,
      ...(isDuplicate && { duplicate_of: `line ${seq - 1}` }),
    },
  }
}

function resultOf({ kind, tier, costNano, baselineNano, isRight }: Line, seq: number): LineResult[] {
  if (tier === null) return []
  return [
    {
      status: 'answered',
      seq,
      customId: '',
      kind,
      kindName: null,
      decidedBy: null,
      costNano,
      baseline: { costNano: baselineNano, basis: 'measured' },
      tier,
      tool: null,
      version: tier === 'direct' ? null : 1,
      model: '',
      answer: '',
      completion: null,
      usage: null,
      correct: isRight,
    },
  ]
}

/** Of an axis, which has one decimal here: labels of what is drawn have more. */
const dollars = (text: string) => (/^−?\$\d\.\d$/.test(text) ? Number(text.replace('−', '-').replace('$', '')) : null)
const percents = (text: string) => (/^\d+ %$/.test(text) ? Number.parseInt(text, 10) : null)
const counts = (text: string) => (/^[\d,]+$/.test(text) ? Number(text.replace(',', '')) : null)
const UNITS = { ms: 1, s: 1_000, min: 60_000 }
const times = (text: string) => {
  if (text === '0') return 0
  const parts = [...text.matchAll(/^(\d+) (ms|s|min)$/g)]
  return parts.length === 0 ? null : parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit as keyof typeof UNITS], 0)
}

const powers = (text: string) => {
  const ms = times(text)
  return ms === null ? null : Math.log10(ms)
}

/** Lines are drawn to a tenth of a pixel. */
const DRAWN_PX = 0.11
/** Corners that are nearer to each other are drawn as one. */
const NEAR_PX = 0.9

function isAt([x, y]: Pixel, [otherX, otherY]: Pixel, within: number): boolean {
  return Math.abs(x - otherX) <= within && Math.abs(y - otherY) <= within
}

/** Every corner of the line is one of the points, none of these is left out, and their order is kept. */
function expectDrawn(drawn: readonly Pixel[], points: readonly Pixel[]): void {
  let at = 0
  for (const corner of drawn) {
    const found = points.findIndex((point, index) => index >= at && isAt(point, corner, DRAWN_PX))
    expect(found, `the corner ${corner.join(' ')} is none of the points`).toBeGreaterThanOrEqual(at)
    at = found
  }
  for (const point of points) {
    expect(
      drawn.some((corner) => isAt(point, corner, NEAR_PX)),
      `the point ${point.join(' ')} is not drawn`,
    ).toBe(true)
  }
}

function bothWidths(says: RegExp): ReadPlot[] {
  const plots = readPlots(page, says)
  expect(plots).toHaveLength(2)
  return plots
}

function runningSum(values: readonly number[]): number[] {
  let sum = 0
  return values.map((value) => (sum += value))
}

const answered = () => lines.filter(({ tier }) => tier !== null)

test('money over time: each call of the ledger and each answer of the results is at its time and its sum', () => {
  const spent = runningSum(calls.map(({ costNano }) => costNano))
  const baseline = runningSum(answered().map(({ baselineNano }) => baselineNano))
  const points = {
    spent: [[0, 0], ...calls.map(({ atMs }, at) => [atMs, spent[at]!]), [lastMs, spent.at(-1)!]],
    baseline: [
      [0, 0],
      ...answered().map((_, at) => [
        Math.max(
          ...answered()
            .slice(0, at + 1)
            .map(({ writtenMs }) => writtenMs),
        ),
        baseline[at]!,
      ]),
      [lastMs, baseline.at(-1)!],
    ],
  }
  for (const plot of bothWidths(/^Cost over/)) {
    const [x, y] = [axisOf(plot, 'x', times), axisOf(plot, 'y', dollars)]
    for (const colour of ['spent', 'baseline'] as const) {
      const [line, ...others] = plot.lines(colour)
      expect(others).toEqual([])
      expect(line!.isDashed).toBe(colour === 'baseline')
      expectDrawn(
        line!.points,
        points[colour].map(([ms, nano]) => [x(ms!), y(nano! / 1e9)]),
      )
      const end = `$${(points[colour].at(-1)![1]! / 1e9).toFixed(2)}`
      expect(plot.labels.filter(({ text }) => text === end)).toHaveLength(1)
    }
  }
})

/** What a kind's tool had saved less its makes after each use, from none on. */
function netsOf(kind: string): number[] {
  const made = calls.filter((call) => call.kind === kind && call.purpose !== 'answer' && call.purpose !== 'call')
  const makes = made.reduce((sum, { costNano }) => sum + costNano, 0)
  const uses = lines.filter((line) => line.kind === kind && !line.isDuplicate && (line.tier === 'extracted' || line.tier === 'called'))
  return [0, ...runningSum(uses.map(({ baselineNano, costNano }) => baselineNano - costNano))].map((saved) => saved - makes)
}

test('break-even: each tool starts at its makes, has what it had earned after each use, and is marked where it had paid', () => {
  for (const [kind, colour] of [
    [kinds.convert, 'gain'],
    [kinds.date, 'loss'],
  ] as const) {
    const nets = netsOf(kind)
    const uses = nets.length - 1
    const [plot, ...others] = readPlots(page, new RegExp(`^${uses} answers of the tool`))
    expect(others).toEqual([])
    const [x, y] = [axisOf(plot!, 'x', counts), axisOf(plot!, 'y', dollars)]
    const [line] = plot!.lines(colour)
    expect(line!.isDashed).toBe(colour === 'loss')
    // Of many uses every second one is drawn, or every fourth, and the last.
    const step = uses < 120 ? 1 : 2
    expectDrawn(
      line!.points,
      nets.flatMap((net, use): Pixel[] => (use % step === 0 || use === uses ? [[x(use), y(net / 1e9)]] : [])),
    )
    const paidAfter = nets.findLastIndex((net) => net < 0) + 1
    const hasPaid = colour === 'gain'
    expect(paidAfter <= uses).toBe(hasPaid)
    const marks = plot!.circles(colour)
    expect(marks.map((mark) => isAt(mark, [x(paidAfter), y(0)], DRAWN_PX))).toEqual(hasPaid ? [true] : [])
    expect(plot!.labels.some(({ text }) => text === `paid after ${paidAfter}`)).toBe(hasPaid)
  }
})

test('bars: each kind has what its tool earned less its makes, also where no tool has answered', () => {
  const nets = [kinds.convert, kinds.irony, kinds.date].map((kind) => netsOf(kind).at(-1)! / 1e9)
  for (const plot of bothWidths(/^What each tool earned/)) {
    const x = axisOf(plot, 'x', dollars)
    const bars = ['gain', 'loss']
      .flatMap((colour) => plot.bars(colour).map((bar) => ({ ...bar, colour })))
      .toSorted((a, b) => a.top - b.top)
    expect(bars.map(({ colour }) => colour)).toEqual(nets.map((net) => (net < 0 ? 'loss' : 'gain')))
    for (const [at, net] of nets.entries()) {
      const { left, right, top, bottom } = bars[at]!
      expect(Math.abs(left - x(Math.min(0, net)))).toBeLessThan(2 * DRAWN_PX)
      expect(Math.abs(right - x(Math.max(0, net)))).toBeLessThan(2 * DRAWN_PX)
      const label = plot.labels.find(({ text, y }) => text.endsWith(`$${Math.abs(net).toFixed(4)}`) && y > top - 1 && y < bottom + 1)
      expect(label?.text[0]).toBe(net < 0 ? '−' : '+')
    }
  }
})

test('tiers: each bar has the shares of its part of the results, in their order', () => {
  const tiers = answered().map(({ tier }) => tier)
  for (const plot of bothWidths(/^Shares of answers/)) {
    const y = axisOf(plot, 'y', percents)
    // The first bar says how many requests are in each.
    const size = counts(plot.labels.find(({ text }) => counts(text) !== null)!.text)!
    const parts = Array.from({ length: Math.ceil(tiers.length / size) }, (_, at) => tiers.slice(at * size, (at + 1) * size))
    expect(parts.length).toBeGreaterThan(20)
    const bars = { extracted: plot.bars('extracted'), called: plot.bars('called'), direct: plot.bars('direct') }
    for (const [at, part] of parts.entries()) {
      let below = 0
      for (const tier of ['extracted', 'called', 'direct'] as const) {
        const share = (part.filter((one) => one === tier).length / part.length) * 100
        const bar = bars[tier].find(({ index }) => index === at)!
        expect(Math.abs(bar.bottom - y(below))).toBeLessThan(2 * DRAWN_PX)
        expect(Math.abs(bar.top - y(below + share))).toBeLessThan(2 * DRAWN_PX)
        below += share
      }
    }
  }
})

test('latencies: at each time the share of its requests that took at most that', () => {
  for (const plot of bothWidths(/^Share of requests by the time/)) {
    const [x, y] = [axisOf(plot, 'x', powers), axisOf(plot, 'y', percents)]
    for (const tier of ['extracted', 'called', 'direct'] as const) {
      const took = answered().flatMap((line) => (line.tier === tier ? [line.tookMs] : []))
      const bounds = LATENCY_BOUNDS_MS.filter((_, at) =>
        took.some((ms) => ms <= LATENCY_BOUNDS_MS[at]! && ms > (LATENCY_BOUNDS_MS[at - 1] ?? -1)),
      )
      const before = LATENCY_BOUNDS_MS.findLast((bound) => bound < Math.min(...took))!
      const shareWithin = (bound: number) => (took.filter((ms) => ms <= bound).length / took.length) * 100
      const [line] = plot.lines(tier)
      expectDrawn(
        line!.points.filter(([px]) => bounds.some((bound) => Math.abs(x(Math.log10(bound)) - px) <= DRAWN_PX)),
        bounds.map((bound) => [x(Math.log10(bound)), y(shareWithin(bound))]),
      )
      expect(isAt(line!.points[0]!, [x(Math.log10(before)), y(0)], DRAWN_PX)).toBe(true)
    }
  }
})
