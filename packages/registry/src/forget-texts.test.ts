import { type Example, type KindId, type Line, RunSettings, type Tool } from '@toolwright/contracts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Administration, openAdministration } from './administration.ts'
import type { Kinds } from './kinds.ts'
import type { KeptReply } from './money.ts'
import { learn, readingOf } from './reading.ts'
import type { Registry } from './registry.ts'
import { contentOf, openTestRegistry, type TestRegistry } from './testing.ts'

const RUN = 'r-aaaaaaaaaa'
const OTHER = 'r-bbbbbbbbbb'
/** Stands in every text of the run that is forgotten, and in no other. */
const SECRET = 'xylophage'

let data: TestRegistry
let registry: Registry
let kinds: Kinds
let administration: Administration
beforeEach(() => {
  data = openTestRegistry()
  registry = data.registry
  kinds = registry.kinds
  administration = openAdministration(data)
})
afterEach(() => data.close())

const sort = (words: string) => `Sort the following words alphabetically: List: ${words}`

function example(text: string, run: string, more: Partial<Example> = {}): Example {
  return { v: 1, text, answer: `${text}!`, source: 'agreed', votes: 2, run, at: 1, ...more }
}

function lines(texts: string[], from = 0): Line[] {
  return texts.map((text, at) => ({ seq: from + at, customId: `c${at}`, text, frame: '', hop: 0 }))
}

/** A kind of the three and more texts, as judgements make it. */
async function found(texts: [text: string, run: string][]): Promise<KindId> {
  const [[text, run], ...others] = texts as [[string, string], ...[string, string][]]
  const id = await kinds.createInNursery(text, '', readingOf(text, run), await kinds.epoch())
  if (id === false) throw new Error('nothing else was changed')
  for (const [other, ofRun] of others) {
    const { reading, rev } = (await kinds.get(id))!
    await kinds.saveReading(id, learn(reading, other, ofRun), reading.members >= 2 ? 'gathering' : 'nursery', rev)
  }
  return id
}

async function publish(kind: KindId, tool: Partial<Tool>): Promise<void> {
  const { generation, versions } = (await kinds.get(kind))!
  const version = versions + 1
  const evidence = {
    proposedFrom: 3,
    heldBack: 3,
    extractedRight: 6,
    calledRight: 3,
    foreignTexts: 0,
    foreignAccepted: 0,
    mutants: 0,
    mutantsSurvived: 0,
    candidates: 1,
    repairs: 0,
  }
  const base = {
    v: 1 as const,
    kind,
    version,
    sha256: 'f'.repeat(64),
    source: 'def solve(): pass',
    schema: { type: 'object' },
    model: 'big',
  }
  const rest = { tiers: { extracted: true, called: true }, verbatim: [], usage: [], runs: [], evidence, generation, costNano: 1, at: 1 }
  const whole: Tool = { ...base, ...rest, ...tool }
  // A field that this version of the program does not know must live through it.
  const text = JSON.stringify({ ...whole, later: 'kept' })
  expect(await kinds.settle(kind, generation, { end: 'published', version, tool: text })).toBe(true)
}

const usage = (text: string, run: string) => ({ text, arguments: JSON.stringify({ text }), run })

/** What Redis still holds of the run's texts, as key and content. */
async function leftOf(word: string): Promise<[string, string][]> {
  return [...(await contentOf(data.redis, data.keyPrefix))].filter(([key, text]) => key.includes(word) || text.includes(word))
}

const tokens = { uncachedInput: 1, cacheRead: 0, cacheWrite: 0, output: 1 }
const reply: KeptReply = { v: 1, text: `for ${SECRET}`, finish: 'stop', model: 'm', tokens, costNano: 1, price: 'p', completion: null }

async function keepReply(kind: KindId, generation: number): Promise<void> {
  const intent = {
    run: OTHER,
    field: 'a1t0',
    kind,
    make: { kind, generation },
    role: 'strong',
    purpose: 'propose',
    model: 'm',
    boundNano: 1,
    timeoutMs: 1,
    textBytes: 1,
  } as const
  await registry.money.begin(intent)
  await registry.money.settle(intent, 1, reply)
}

const plan = (mine: string, theirs: string) => ({
  v: 1 as const,
  shown: [example(mine, RUN)],
  heldBack: [example(theirs, OTHER)],
  foreign: [],
})

test('of a run that is forgotten no text is left anywhere, and all else is as it was', async () => {
  const mine = Array.from({ length: 8 }, (_, at) => sort(`pear ${SECRET}${at}`))
  const theirs = Array.from({ length: 8 }, (_, at) => sort(`fig ${at}`))
  // A kind of both, with a tool, whose make is done once more; one of the run's own in the nursery; one with a name; one that must refuse the run's text.
  const both = await found([
    ...mine.slice(0, 4).map((text): [string, string] => [text, RUN]),
    ...theirs.slice(0, 2).map((text): [string, string] => [text, OTHER]),
  ])
  const { reading, rev } = (await kinds.get(both))!
  await kinds.saveReading(both, learn(reading, `Please sort ${SECRET} for me`, RUN), 'gathering', rev)
  await publish(both, { usage: [usage(mine[0]!, RUN), usage(theirs[0]!, OTHER)], runs: [OTHER, RUN] })
  await kinds.point(both, 1, 'by hand')
  const own = await found([[`What on earth is the meaning of a ${SECRET}?`, RUN]])
  await kinds.remember('shape', own)
  await kinds.remember('another', both)
  const named = await kinds.named('sorting', '', mine[0]!, RUN)
  const other = await found([['Count these: a b', OTHER]])

  for (const [text, run] of [...mine.map((one) => [one, RUN]), ...theirs.map((one) => [one, OTHER])] as [string, string][]) {
    await registry.tools.addExamples(both, [example(text, run, { refusedBy: 1 })])
    await registry.tools.addGatheredText(named, { text, answer: text, run })
  }
  await registry.tools.addExamples(own, [example(`What on earth is the meaning of a ${SECRET}?`, RUN)])
  for (const kind of [named, both]) {
    const { generation } = (await kinds.get(kind))!
    await registry.makes.begin(kind, generation, 60_000)
    await registry.makes.plan(kind, generation, async () => plan(mine[0]!, theirs[0]!))
    await keepReply(kind, generation)
  }
  // Another kind's make knows of the run's text only as one to refuse; and a make that was called off by hand has left its plan.
  await registry.makes.plan(other, 1, async () => ({
    v: 1,
    shown: [],
    heldBack: [],
    foreign: [{ text: mine[0]!, answer: null, run: RUN }],
  }))
  await keepReply(other, 1)
  await kinds.point(both, 1, 'by hand, again')
  await kinds.place(named, RUN, 'one', lines(mine), 'wait')
  await kinds.place(named, RUN, 'two', lines(mine, 20), 'wait')
  await kinds.place(named, OTHER, 'three', lines(theirs, 40), 'wait')

  expect((await leftOf(SECRET)).length).toBeGreaterThan(10)
  const before = await kinds.epoch()
  const forgotten = await administration.forgetTexts(RUN)
  await registry.runs.forget(RUN)
  expect(await leftOf(SECRET)).toEqual([])

  expect(forgotten).toEqual({
    examples: 9,
    // Four samples, of which none is pending any more, one that is pending, one of the own kind, one of the named; a usage example; eight that gathered.
    texts: 4 + 1 + 1 + 1 + 1 + 8,
    waiting: 6,
    kinds: [own],
    tools: [{ kind: both, version: 1, isCalledOff: false, serves: true }],
  })
  expect((await registry.tools.examples(both)).map(({ run }) => run)).toEqual(Array.from({ length: 8 }, () => OTHER))
  expect((await registry.tools.versions(both))[0]).toMatchObject({ usage: [usage(theirs[0]!, OTHER)], tiers: { called: true } })
  expect(await data.redis.hget(`${data.keyPrefix}kind:${both}:tools`, '1')).toContain('"later":"kept"')
  expect((await kinds.peekWaiting(named, 100)).map(({ run }) => run)).toEqual(Array.from({ length: 8 }, () => OTHER))
  expect((await kinds.get(both))?.reading.templates).toEqual(reading.templates)
  // Whoever has the old state in memory hears of the change.
  expect(await kinds.changedSince(before)).toEqual(expect.arrayContaining([both, named]))
  expect(await kinds.recall(['shape', 'another'])).toEqual([null, both])
  expect(await administration.forgetTexts(RUN)).toMatchObject({ examples: 0, texts: 0, waiting: 0, kinds: [] })
})

describe('a tool', () => {
  test('that has no usage example left keeps what it reads by itself, and serves no more where that was nothing', async () => {
    const reads = await kinds.named('reads', '', 'x')
    const called = await kinds.named('called', '', 'x')
    await publish(reads, { usage: [usage(SECRET, RUN)], runs: [RUN] })
    await publish(called, { usage: [usage('theirs', OTHER)], tiers: { extracted: false, called: true }, runs: [OTHER] })
    await publish(called, { usage: [usage(SECRET, RUN)], tiers: { extracted: false, called: true }, runs: [RUN] })
    const { tools } = await administration.forgetTexts(RUN)
    expect(new Set(tools)).toEqual(
      new Set([
        { kind: reads, version: 1, isCalledOff: true, serves: true },
        { kind: called, version: 2, isCalledOff: true, serves: false },
      ]),
    )
    expect(await registry.tools.get(reads, 1)).toMatchObject({
      usage: [],
      tiers: { extracted: true, called: false },
      source: 'def solve(): pass',
    })
    expect(await kinds.get(reads)).toMatchObject({ version: 1, state: 'tooled' })
    expect(await kinds.get(called)).toMatchObject({ version: 0, state: 'demoted', reason: 'its usage examples were forgotten' })
    expect(await registry.tools.get(called, 1)).toMatchObject({ tiers: { called: true } })
  })
})

describe('places among the lines that gather', () => {
  test('are given back, answered or not, and those of other runs stay', async () => {
    const kind = await kinds.named('sorting', '', 'x', OTHER)
    await kinds.place(kind, OTHER, 'one', lines(['a', 'b']), 'wait')
    await kinds.place(kind, RUN, 'two', lines(Array.from({ length: 9 }, (_, at) => `${SECRET} ${at}`)), 'wait')
    await kinds.gathered(kind, RUN, 0)
    await kinds.gathered(kind, OTHER, 1)
    await kinds.takeWaiting(kind, await kinds.peekWaiting(kind, 9), true)
    expect(await kinds.get(kind)).toMatchObject({ started: 11, allowed: 11 })
    await registry.makes.begin(kind, 1, 0)
    expect(await registry.makes.isOverdue(kind, 1)).toBe(true)

    await administration.forgetTexts(RUN)
    const now = (await kinds.get(kind))!
    expect(now).toMatchObject({ started: 2, allowed: 10 })
    expect(await kinds.gatheredCount(kind)).toBe(1)
    // Whoever still gathers has the whole time for it.
    expect(await registry.makes.isOverdue(kind, now.generation)).toBe(false)
    const placement = await kinds.place(
      kind,
      OTHER,
      'three',
      lines(
        Array.from({ length: 9 }, () => 'c'),
        30,
      ),
      'wait',
    )
    expect(placement).toMatchObject({ gather: [0, 1, 2, 3, 4, 5, 6, 7], waiting: 1 })
  })

  test('are given back by a run that is cancelled, but for those with an answer; its waiting lines go, and nothing else', async () => {
    const kind = await kinds.named('sorting', '', 'x', OTHER)
    await registry.runs.open(RUN, RunSettings.parse({ v: 1 }), '-')
    await registry.runs.open(OTHER, RunSettings.parse({ v: 1 }), '-')
    await kinds.place(kind, OTHER, 'one', lines(['a', 'b']), 'wait')
    await kinds.place(kind, RUN, 'two', lines(Array.from({ length: 12 }, (_, at) => `${SECRET} ${at}`)), 'wait')
    await kinds.place(kind, OTHER, 'three', lines(['c', 'd'], 30), 'wait')
    await kinds.gathered(kind, RUN, 0)
    await kinds.gathered(kind, OTHER, 1)
    expect(await kinds.get(kind)).toMatchObject({ started: 10 })

    expect(await kinds.withdraw(RUN)).toBe(4)
    expect(await kinds.get(kind)).toMatchObject({ started: 3, allowed: 10 })
    expect(await kinds.gatheredCount(kind)).toBe(2)
    expect((await kinds.peekWaiting(kind, 9)).map(({ run, line }) => [run, line.text])).toEqual([
      [OTHER, 'c'],
      [OTHER, 'd'],
    ])
    expect([await registry.runs.waiting(RUN), await registry.runs.waiting(OTHER)]).toEqual([0, 2])
    expect(await kinds.withdraw(OTHER)).toBe(2)
    expect(await kinds.kindsWithWaiting()).toEqual([])
    expect(await kinds.withdraw(RUN)).toBe(0)
  })

  test('do not call off a make that is planned without the run', async () => {
    const kind = await kinds.named('sorting', '', 'x', OTHER)
    await kinds.place(kind, RUN, 'one', lines(['a']), 'wait')
    await registry.makes.begin(kind, 1, 60_000)
    await registry.makes.plan(kind, 1, async () => ({ ...plan('a', 'b'), shown: [] }))
    await administration.forgetTexts(RUN)
    expect(await kinds.get(kind)).toMatchObject({ started: 0, generation: 1 })
    expect(await registry.makes.planned(kind, 1)).not.toBeNull()
  })
})

test('a make that worked with texts of the run cannot publish, keep or label anything more', async () => {
  const kind = await kinds.named('sorting', '', 'x', OTHER)
  await registry.tools.addExamples(kind, [example(SECRET, RUN)])
  await registry.makes.begin(kind, 1, 60_000)
  await registry.makes.plan(kind, 1, async () => plan(SECRET, 'theirs'))
  await administration.forgetTexts(RUN)
  expect(await kinds.settle(kind, 1, { end: 'published', version: 1, tool: `{"source":"${SECRET}"}` })).toBe(false)
  await keepReply(kind, 1)
  await registry.tools.replaceExamples(kind, [example(SECRET, RUN, { source: 'tools' })])
  await expect(registry.makes.plan(kind, 1, async () => plan(SECRET, 'theirs'))).rejects.toThrow('called off')
  expect(await leftOf(SECRET)).toEqual([])
})

test('a judgement that was under way cannot bring the texts back', async () => {
  const kind = await found([
    [sort(SECRET), RUN],
    [sort('fig'), OTHER],
  ])
  const { reading, rev } = (await kinds.get(kind))!
  await administration.forgetTexts(RUN)
  expect(await kinds.saveReading(kind, learn(reading, sort('plum'), OTHER), 'gathering', rev)).toBe(false)
  expect(await leftOf(SECRET)).toEqual([])
})

test('a kind of a run stays where others have lines in it, a tool, or are merged into it', async () => {
  const text = (at: number) => `A question of its own, number ${at}, of the ${SECRET}`
  const [waited, merged, tooled, gone] = [
    await found([[text(1), RUN]]),
    await found([[text(2), RUN]]),
    await found([[text(3), RUN]]),
    await found([[text(4), RUN]]),
  ]
  await kinds.place(waited, OTHER, 'one', lines(['theirs']), 'wait')
  await kinds.merge(await kinds.named('from', '', 'x'), merged)
  await publish(tooled, {})
  expect((await administration.forgetTexts(RUN)).kinds).toEqual([gone])
  for (const kind of [waited, merged, tooled])
    expect(await kinds.get(kind)).toMatchObject({ label: kind, reading: { samples: [], pending: [] } })
  expect(await leftOf(SECRET)).toEqual([])
})

test('examples are deleted after so many days, and what has been in the nursery or failed for as long', async () => {
  const kind = await kinds.named('sorting', '', 'x')
  const day = 86_400_000
  await registry.tools.addExamples(kind, [example('old', RUN, { at: Date.now() - 31 * day, refusedBy: 1 })])
  await registry.tools.addExamples(kind, [example('young', RUN, { at: Date.now() - 29 * day, refusedBy: 1 })])
  const once = await found([['once', RUN]])
  await data.redis.zadd(`${data.keyPrefix}nursery`, Date.now() - 31 * day, once)
  const twice = await found([['twice', RUN]])
  await registry.runs.open(RUN, RunSettings.parse({ v: 1 }), '-')
  const failed = ['old', 'young'].map((text, seq) => ({ seq, customId: text, text, frame: '', hop: 0 }))
  await registry.failures.keep(RUN, failed)
  const key = `${data.keyPrefix}run:${RUN}:failed`
  await data.redis.hset(key, '0', (await data.redis.hget(key, '0'))!.replace(/^\d+/, String(Date.now() - 31 * day)))
  expect(await registry.retention.sweep(30)).toEqual({ examples: 1, kinds: 1, requests: 1 })
  expect(await registry.failures.count(RUN)).toBe(1)
  expect((await registry.tools.examples(kind)).map(({ text }) => text)).toEqual(['young'])
  expect(await registry.tools.addExamples(kind, [example('new', RUN)])).toEqual({ examples: 2, refused: 1 })
  expect([await kinds.get(once), (await kinds.get(twice))?.state]).toEqual([null, 'nursery'])
})
