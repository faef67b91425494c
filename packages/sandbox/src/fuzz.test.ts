import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { anyObject, anyText } from './fuzz-values.ts'
import { type Call, openSandbox, type Sandbox } from './index.ts'
import { Outcome } from './outcome.ts'
import { IMAGE_FOLDER } from './testing.ts'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 })

/** A failure prints this seed, and the path to its smallest example. */
const SEED = 20_261_121
const TIMEOUT_MS = 10_000
const MAX_BYTES = 64 * 1024
const silent = { stdout: '', stderr: '' }

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await openSandbox({ imageFolder: IMAGE_FOLDER, children: { first: 1, second: 0 }, log: () => undefined })
})
afterAll(() => sandbox.close())

const run = (source: string, calls: Call[], timeoutMs = TIMEOUT_MS) =>
  sandbox.run({ source, calls, timeoutMs, surroundings: 'first', resetEachCall: false })

const isWellFormed = (text: string) => text.isWellFormed()
const bytesOf = (text: string) => Buffer.byteLength(text, 'utf8')

test('arguments cross unchanged: any text, numbers of any length, any nesting', async () => {
  const source = 'import json\ndef solve(**given): return json.dumps(given)'
  const property = fc.asyncProperty(fc.array(anyObject, { minLength: 1, maxLength: 20 }), async (objects) => {
    const fitting = objects.filter(({ ascii }) => ascii.length <= MAX_BYTES)
    const outcomes = await run(
      source,
      fitting.map(({ sent }) => ({ arguments: sent })),
    )
    expect(outcomes).toEqual(fitting.map(({ ascii }) => ({ status: 'ok', result: ascii, arguments: null, ...silent })))
  })
  await fc.assert(property, { seed: SEED, numRuns: 150 })
})

test('texts reach extract as they are; lone surrogates, which no UTF-8 has, as U+FFFD', async () => {
  const source = 'import json\ndef extract(text): return {"units": [ord(character) for character in text]}'
  const property = fc.asyncProperty(fc.array(anyText, { minLength: 1, maxLength: 20 }), async (texts) => {
    const outcomes = await run(
      source,
      texts.map((text) => ({ text, solve: false })),
    )
    const wanted = texts.map((text) => {
      const points = Array.from(text.toWellFormed(), (character) => character.codePointAt(0))
      return { status: 'ok', result: null, arguments: `{"units": [${points.join(', ')}]}`, ...silent }
    })
    expect(outcomes).toEqual(wanted)
  })
  await fc.assert(property, { seed: SEED, numRuns: 100 })
})

test('arguments that are anything else are the fault of their call', async () => {
  const source = 'def solve(**given): return "ran"'
  const almostJson = fc
    .tuple(anyObject, fc.nat(), fc.nat({ max: 3 }), anyText)
    .map(([{ sent }, at, cut, put]) => sent.slice(0, at % sent.length) + put + sent.slice((at % sent.length) + cut))
  const deep = fc
    .tuple(fc.constantFrom('[', '{"x":', '[{"x":'), fc.integer({ min: 1, max: 20_000 }))
    .map(([open, depth]) => `{"x":${open.repeat(depth)}`)
  const any = fc.oneof({ arbitrary: almostJson, weight: 6 }, { arbitrary: anyText, weight: 3 }, { arbitrary: deep, weight: 1 })
  const property = fc.asyncProperty(fc.array(any, { minLength: 1, maxLength: 10 }), async (texts) => {
    const calls = [...texts, '{}'].map((text) => ({ arguments: text }))
    const outcomes = await run(source, calls)
    expect(outcomes.filter((outcome) => !isOfItsCall(outcome))).toEqual([])
    expect(outcomes.at(-1)).toEqual({ status: 'ok', result: 'ran', arguments: null, ...silent })
  })
  await fc.assert(property, { seed: SEED, numRuns: 150 })
})

test('a result is exactly what solve returned, or a bad result that says why', async () => {
  const source = 'def solve(points, times): return "".join(map(chr, points)) * times'
  const point = fc.oneof(
    fc.integer({ min: 0, max: 0x10_ff_ff }),
    fc.integer({ min: 0, max: 0x7f }),
    fc.constantFrom(0, 0xfe_ff, 0xff_fe, 0xff_fd, 0xd8_00, 0xdf_ff, 0x10_ff_ff),
  )
  const times = fc.oneof({ arbitrary: fc.constant(1), weight: 5 }, { arbitrary: fc.integer({ min: 0, max: 100_000 }), weight: 1 })
  const given = fc.record({ points: fc.array(point, { maxLength: 20 }), times })
  const property = fc.asyncProperty(fc.array(given, { minLength: 1, maxLength: 20 }), async (all) => {
    const outcomes = await run(
      source,
      all.map((one) => ({ arguments: JSON.stringify(one) })),
    )
    expect(outcomes).toEqual(all.map((one) => wantedFor(one)))
  })
  await fc.assert(property, { seed: SEED, numRuns: 150 })
})

test('what extract finds is handed on exactly, or a bad result that says why', async () => {
  const source = 'import json\ndef extract(text): return json.loads(text)'
  const property = fc.asyncProperty(fc.array(anyObject, { minLength: 1, maxLength: 20 }), async (objects) => {
    const outcomes = await run(
      source,
      objects.map(({ ascii }) => ({ text: ascii, solve: false })),
    )
    const wanted = objects.map(({ plain }) => {
      const bytes = bytesOf(plain)
      if (!isWellFormed(plain))
        return { status: 'bad-result', message: 'the arguments holds characters that are no valid Unicode', ...silent }
      if (bytes > MAX_BYTES)
        return { status: 'bad-result', message: `the arguments has ${bytes} bytes; at most ${MAX_BYTES} are taken`, ...silent }
      return { status: 'ok', result: null, arguments: plain, ...silent }
    })
    expect(outcomes).toEqual(wanted)
  })
  await fc.assert(property, { seed: SEED, numRuns: 150 })
})

test('any source has a structured outcome, and the next batch is right', async () => {
  const calls: Call[] = [{ text: 'On 3 May: tea 2.50, ink 12.', solve: true }, { arguments: '{"day": "3 May", "prices": [1, 2]}' }]
  const bytes = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array).toString('latin1'))
  const any = fc.oneof({ arbitrary: mutated(TOOL), weight: 8 }, { arbitrary: anyText, weight: 1 }, { arbitrary: bytes, weight: 1 })
  const next = 'def solve(word): return word.upper()'
  const property = fc.asyncProperty(any, async (source) => {
    const outcomes = await run(source, calls, 300)
    expect(outcomes).toHaveLength(calls.length)
    for (const outcome of outcomes) expect(Outcome.parse(outcome)).toEqual(outcome)
    expect(await run(next, [{ arguments: '{"word": "next"}' }])).toEqual([{ status: 'ok', result: 'NEXT', arguments: null, ...silent }])
  })
  await fc.assert(property, { seed: SEED, numRuns: 400 })
})

/** Of `chr` of each point, so many times over. */
function wantedFor({ points, times: count }: { points: number[]; times: number }): object {
  const hasSurrogate = count > 0 && points.some((code) => code >= 0xd8_00 && code <= 0xdf_ff)
  if (hasSurrogate) return { status: 'bad-result', message: 'the result holds characters that are no valid Unicode', ...silent }
  const text = String.fromCodePoint(...points)
  const bytes = bytesOf(text) * count
  if (bytes <= MAX_BYTES) return { status: 'ok', result: text.repeat(count), arguments: null, ...silent }
  return { status: 'bad-result', message: `the result has ${bytes} bytes; at most ${MAX_BYTES} are taken`, ...silent }
}

/** It ran, or what was sent is told to be wrong. */
function isOfItsCall(outcome: Outcome): boolean {
  if (outcome.status === 'ok') return outcome.result === 'ran'
  return (outcome.status === 'raised' || outcome.status === 'crashed') && outcome.message !== ''
}

const TOOL = `import re
from decimal import Decimal

LINE = re.compile(r"On (?P<day>[^:]+): (?P<items>.+)\\.")

def extract(text):
    match = LINE.fullmatch(text)
    if match is None:
        return None
    prices = [item.rsplit(" ", 1)[1] for item in match["items"].split(", ")]
    return {"day": match["day"], "prices": prices}

def solve(day, prices):
    total = Decimal(0)
    for number, price in enumerate(prices):
        if number > 100:
            break
        total += Decimal(price)
    return f"{day}: {total:.2f}"
`

const WORDS =
  'while True:|for x in x:|try:|except BaseException:|finally:|yield|await|lambda:|del|global|class X:|return|raise|import|from|with|match x:|case _:|assert|' +
  'print|exec|open|__import__|super()|(|)|[|]|{|}|:|,|.|@|=|:=|**|*|//|"|\'|"""|f"{|#|;|    |0|1e999|10**9|0x|1_|None|self|é|…|🌍'
const PIECES = [...WORDS.split('|'), '\\', '\n', '\t', '\r', '\f', '\0', '\ufeff', '\u200b', '\ud800', '# coding: latin-1\n']

/** A text with some of it taken out, doubled, moved or replaced. */
function mutated(text: string): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.nat({ max: text.length }),
    length: fc.oneof(fc.constant(0), fc.nat({ max: 4 }), fc.nat({ max: 120 })),
    put: fc.oneof(fc.constant(''), fc.constantFrom(...PIECES), anyText, fc.constant(null)),
  })
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) =>
    changes.reduce((before, { at, length, put }) => {
      const taken = before.slice(at, at + length)
      return before.slice(0, at) + (put ?? taken + taken) + before.slice(at + length)
    }, text),
  )
}
