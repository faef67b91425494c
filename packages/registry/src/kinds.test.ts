import type { Example, KindId, Line } from '@toolwright/contracts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openAdministration } from './administration.ts'
import { openKindIndex } from './kind-index.ts'
import { EXAMPLES_FOR_MAKE, type Kind, MAX_GATHERING, type Placement } from './kind.ts'
import { type Kinds } from './kinds.ts'
import { learn, readingOf } from './reading.ts'
import { openRegistry } from './registry.ts'
import { tokensOf } from './template.ts'
import { openTestRegistry, type TestRegistry } from './testing.ts'

const RUN = 'r-aaaaaaaaaa'
const OTHER_RUN = 'r-bbbbbbbbbb'

let data: TestRegistry
let kinds: Kinds
let kind: KindId
beforeEach(async () => {
  data = openTestRegistry()
  kinds = data.registry.kinds
  kind = await kinds.named('sort words', '', 'Sort b a')
})
afterEach(() => data.close())

function lines(count: number, from = 0): Line[] {
  return Array.from({ length: count }, (_, at) => ({
    seq: from + at,
    customId: `line-${from + at}`,
    text: `Sort ${from + at}`,
    frame: '',
    hop: 0,
  }))
}

/** Places lines as a job of its own would. */
async function place(count: number, from = 0, whileMaking: 'wait' | 'direct' = 'wait') {
  return splitOf(await kinds.place(kind, RUN, `job-${from}`, lines(count, from), whileMaking))
}

function splitOf(placement: Placement) {
  if (placement.go !== 'split') throw new Error(`the lines went to ${placement.go}`)
  return placement
}

async function now(id: KindId = kind): Promise<Kind> {
  const found = await kinds.get(id)
  if (found === null) throw new Error(`there is no kind ${id}`)
  return found
}

async function publish(version: number): Promise<boolean> {
  return await kinds.settle(kind, (await now()).generation, { end: 'published', version, tool: `{"version":${version}}` })
}

async function addExamples(count: number): Promise<void> {
  for (let at = 0; at < count; at++) {
    const example: Example = { v: 1, text: `example ${at}`, answer: 'a', source: 'given', votes: 0, run: RUN, at }
    await data.registry.tools.addExamples(kind, [example])
  }
}

describe('the counter of a kind without a tool', () => {
  test('lets ten lines through to gather, and the others wait', async () => {
    expect(await place(7)).toEqual({ go: 'split', gather: [0, 1, 2, 3, 4, 5, 6], direct: [], waiting: 0, generation: 1, makes: true })
    expect(await place(7, 7)).toEqual({ go: 'split', gather: [0, 1, 2], direct: [], waiting: 4, generation: 1, makes: true })
    expect(await place(2, 14)).toMatchObject({ gather: [], waiting: 2 })
    expect(await kinds.waitingCount(kind)).toBe(6)
    expect(await kinds.kindsWithWaiting()).toEqual([kind])
    expect(await data.registry.runs.waiting(RUN)).toBe(6)
    expect((await kinds.peekWaiting(kind, 3)).map(({ line }) => line.seq)).toEqual([10, 11, 12])
    expect(await now()).toMatchObject({ seen: 16, started: 10, allowed: MAX_GATHERING })
  })

  test('never lets more than ten through, however many ask at once', async () => {
    const connections = Array.from({ length: 4 }, () => data.redis.duplicate())
    const workers = connections.map((redis) => openRegistry({ redis, keyPrefix: data.keyPrefix }).kinds)
    const placed = await Promise.all(
      Array.from({ length: 120 }, async (_, at) =>
        splitOf(await workers[at % 4]!.place(kind, RUN, `job-${at}`, lines(1 + (at % 3), at * 10), 'wait')),
      ),
    )
    const sum = (of: (one: (typeof placed)[number]) => number) => placed.reduce((total, one) => total + of(one), 0)
    expect(sum(({ gather }) => gather.length)).toBe(MAX_GATHERING)
    expect(sum(({ waiting }) => waiting)).toBe(240 - MAX_GATHERING)
    expect(await kinds.waitingCount(kind)).toBe(240 - MAX_GATHERING)
    for (const connection of connections) connection.disconnect()
  })

  test('counts a job once, however often it is placed', async () => {
    const first = await place(12)
    expect(await place(12)).toEqual(first)
    expect(await now()).toMatchObject({ seen: 12, started: 10 })
    expect(await kinds.waitingCount(kind)).toBe(2)
    // Its dispatcher died after it had forgotten where the lines were placed: those that gather keep their places.
    await kinds.dropPlaced(RUN, ['job-0'])
    expect(await place(12)).toMatchObject({ gather: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], waiting: 2 })
    expect(await now()).toMatchObject({ started: 10 })
  })

  test('sends lines directly instead of waiting, where the run asks for that', async () => {
    expect(await place(12, 0, 'direct')).toMatchObject({ direct: [10, 11], waiting: 0, makes: true })
    expect(await kinds.kindsWithWaiting()).toEqual([])
  })

  test('lets nothing more through once there are examples enough', async () => {
    await addExamples(EXAMPLES_FOR_MAKE)
    expect(await place(2)).toMatchObject({ gather: [], waiting: 2, makes: true })
  })
})

describe('waiting lines', () => {
  test('are taken away in order, run by run, and the kind with the last of them', async () => {
    await place(MAX_GATHERING)
    await kinds.place(kind, RUN, 'a', lines(3, 20), 'wait')
    await kinds.place(kind, OTHER_RUN, 'b', lines(2, 50), 'wait')
    await kinds.takeWaiting(kind, await kinds.peekWaiting(kind, 4), false)
    expect((await kinds.peekWaiting(kind, 9)).map(({ run, line }) => [run, line.seq])).toEqual([[OTHER_RUN, 51]])
    expect([await data.registry.runs.waiting(RUN), await data.registry.runs.waiting(OTHER_RUN)]).toEqual([0, 1])
    await kinds.takeWaiting(kind, await kinds.peekWaiting(kind, 9), false)
    expect(await kinds.kindsWithWaiting()).toEqual([])
    expect(await now()).toMatchObject({ started: MAX_GATHERING, allowed: MAX_GATHERING })
  })

  test('are not lost when two workers release the same ones', async () => {
    await place(MAX_GATHERING + 6)
    const [one, other] = [await kinds.peekWaiting(kind, 4), await kinds.peekWaiting(kind, 4)]
    await kinds.takeWaiting(kind, one, false)
    await kinds.takeWaiting(kind, other, false)
    expect((await kinds.peekWaiting(kind, 9)).map(({ line }) => line.seq)).toEqual([14, 15])
    expect(await data.registry.runs.waiting(RUN)).toBe(2)
    await kinds.takeWaiting(kind, await kinds.peekWaiting(kind, 9), false)
    await kinds.takeWaiting(kind, other, false)
    expect(await data.registry.runs.waiting(RUN)).toBe(0)
  })

  test('that are let through raise the counter one for one', async () => {
    await place(MAX_GATHERING + 5)
    await kinds.takeWaiting(kind, await kinds.peekWaiting(kind, 2), true)
    expect(await now()).toMatchObject({ started: 12, allowed: 12 })
    expect(await place(1, 90)).toMatchObject({ gather: [], waiting: 1 })
  })
})

describe('a make', () => {
  test('that publishes sends lines to the tool from then on', async () => {
    await place(MAX_GATHERING)
    await kinds.gathered(kind, RUN, 3)
    expect(await publish(1)).toBe(true)
    expect(await now()).toMatchObject({ state: 'tooled', version: 1, versions: 1, generation: 2, started: 0, allowed: MAX_GATHERING })
    expect(await kinds.place(kind, RUN, 'later', lines(3), 'wait')).toEqual({ go: 'tool', version: 1 })
    expect(await kinds.gatheredCount(kind)).toBe(0)
    expect(await data.redis.hget(`${data.keyPrefix}kind:${kind}:tools`, '1')).toBe('{"version":1}')
  })

  test('ends once: of all that settle one generation, the first', async () => {
    const ends = await Promise.all([
      ...Array.from({ length: 5 }, () => kinds.settle(kind, 1, { end: 'published', version: 1, tool: '{}' })),
      ...Array.from({ length: 5 }, () => kinds.settle(kind, 1, { end: 'declined', reason: 'no', cooldownMs: 1_000 })),
    ])
    expect(ends.filter(Boolean)).toHaveLength(1)
    expect(await now()).toMatchObject({ generation: 2, state: 'tooled', version: 1 })
    expect(await kinds.settle(kind, 1, { end: 'published', version: 2, tool: '{}' })).toBe(false)
  })

  test('cannot publish over a version that it did not know of', async () => {
    expect(await publish(2)).toBe(false)
    expect(await publish(1)).toBe(true)
    expect(await publish(1)).toBe(false)
    expect(await publish(2)).toBe(true)
    expect(await now()).toMatchObject({ version: 2, versions: 2, generation: 3 })
  })

  test('that is given up rests, twice as long each time, and then gathers anew', async () => {
    const decline = async () =>
      kinds.settle(kind, (await now()).generation, { end: 'declined', reason: 'no candidate passed', cooldownMs: 60_000 })
    await place(MAX_GATHERING + 1)
    await decline()
    const first = await now()
    expect(first).toMatchObject({ state: 'declined', reason: 'no candidate passed', failures: 1 })
    expect(first.cooldownUntil - Date.now()).toBeGreaterThan(50_000)
    expect(await place(2, 30)).toEqual({ go: 'split', gather: [], direct: [0, 1], waiting: 0, generation: 2, makes: false })
    await decline()
    expect((await now()).cooldownUntil - Date.now()).toBeGreaterThan(110_000)

    await data.redis.hset(`${data.keyPrefix}kind:${kind}`, 'cooldownUntil', Date.now() - 1_000)
    expect(await place(12, 40)).toMatchObject({ gather: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], waiting: 2, generation: 3, makes: true })
    expect(await now()).toMatchObject({ state: 'gathering' })
  })

  test('that is put off rests always as long, and goes on as the same', async () => {
    for (const from of [20, 40]) {
      await data.redis.hset(`${data.keyPrefix}kind:${kind}`, 'cooldownUntil', 0)
      expect(await place(12, from)).toMatchObject({ waiting: 2, generation: 1, makes: true })
      expect(await kinds.settle(kind, 1, { end: 'put-off', reason: 'the executor fails: x', cooldownMs: 60_000 })).toBe(true)
      const rests = await now()
      expect(rests).toMatchObject({ state: 'declined', reason: 'the executor fails: x', failures: 0, generation: 1, started: 0 })
      expect(rests.cooldownUntil - Date.now()).toBeGreaterThan(50_000)
      expect(rests.cooldownUntil - Date.now()).toBeLessThan(70_000)
      expect(await place(2, from + 12)).toMatchObject({ gather: [], direct: [0, 1], waiting: 0, makes: false })
    }
    expect(await publish(1)).toBe(true)
    expect(await now()).toMatchObject({ state: 'tooled', version: 1, generation: 2 })
  })

  test('that is overdue lets lines go directly until it ends or rests', async () => {
    const { makes } = data.registry
    await place(MAX_GATHERING + 1)
    await makes.markOverdue(kind, 1)
    expect(await place(3, 20)).toEqual({ go: 'split', gather: [], direct: [0, 1, 2], waiting: 0, generation: 1, makes: true })
    await makes.pause(kind, 1)
    expect(await place(3, 30)).toMatchObject({ gather: [], direct: [], waiting: 3, generation: 1 })
    await makes.markOverdue(kind, 1)
    await kinds.settle(kind, 1, { end: 'declined', reason: 'no', cooldownMs: 0 })
    expect(await place(12, 50)).toMatchObject({ direct: [], waiting: 2, generation: 2 })
  })

  test('that would not pay is looked at again when enough lines were seen', async () => {
    await place(5)
    await kinds.settle(kind, 1, { end: 'unworthy', worthAt: 8 })
    expect(await now()).toMatchObject({ state: 'unworthy' })
    expect(await place(2, 20)).toMatchObject({ gather: [], direct: [0, 1], makes: false })
    expect(await place(2, 30)).toMatchObject({ gather: [0, 1], makes: true, generation: 2 })
    expect(await now()).toMatchObject({ state: 'gathering', seen: 9 })
  })

  test('that fails leaves an earlier version in service', async () => {
    await publish(1)
    await kinds.settle(kind, 2, { end: 'declined', reason: 'no', cooldownMs: 60_000 })
    expect(await now()).toMatchObject({ state: 'tooled', version: 1, generation: 3, failures: 1 })
  })
})

/** Another line each time. */
let linesCalled = 0
async function noteCall(version: number, isFailure: boolean): Promise<{ demoted: boolean }> {
  return await kinds.noteCall(kind, version, { run: RUN, seq: linesCalled++ }, isFailure)
}

describe('a version', () => {
  test('is demoted when more than 5 of its last 20 called answers failed', async () => {
    await publish(1)
    for (let at = 0; at < 5; at++) expect(await noteCall(1, true)).toEqual({ demoted: false })
    for (let at = 0; at < 15; at++) await noteCall(1, false)
    // The oldest failure falls out of the last 20 as the next one comes in.
    for (let at = 0; at < 5; at++) expect(await noteCall(1, true)).toEqual({ demoted: false })
    expect(await noteCall(1, true)).toEqual({ demoted: true })
    expect(await now()).toMatchObject({ state: 'demoted', version: 0, versions: 1, reason: '6 of its last 20 called answers failed' })
    expect(await noteCall(1, true)).toEqual({ demoted: false })
    // Nobody waits for a tool that failed: lines go directly, a few of them to gather.
    expect(await place(12)).toMatchObject({ gather: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], direct: [10, 11], waiting: 0, makes: true })
  })

  test('is not demoted by one line whose job runs again and again', async () => {
    await publish(1)
    for (let at = 0; at < 20; at++) expect(await kinds.noteCall(kind, 1, { run: RUN, seq: 7 }, true)).toEqual({ demoted: false })
    for (let at = 0; at < 4; at++) await noteCall(1, true)
    expect(await kinds.noteCall(kind, 1, { run: OTHER_RUN, seq: 7 }, true)).toEqual({ demoted: true })
  })

  test('is not demoted by the failures of another', async () => {
    await publish(1)
    await publish(2)
    for (let at = 0; at < 20; at++) expect(await noteCall(1, true)).toEqual({ demoted: false })
    expect(await now()).toMatchObject({ version: 2 })
  })

  test('is set by hand, back and forth, and every version stays', async () => {
    await publish(1)
    await publish(2)
    await kinds.point(kind, 1, 'rolled back by hand')
    expect(await kinds.place(kind, RUN, 'a', lines(1), 'wait')).toEqual({ go: 'tool', version: 1 })
    expect(await now()).toMatchObject({ version: 1, versions: 2, reason: 'rolled back by hand' })
    await kinds.point(kind, 0, 'disabled by hand')
    expect(await kinds.place(kind, RUN, 'b', lines(2), 'wait')).toMatchObject({ go: 'split', direct: [0, 1], makes: false })
    await kinds.point(kind, 2, '')
    expect(await kinds.place(kind, RUN, 'c', lines(1), 'wait')).toEqual({ go: 'tool', version: 2 })
  })

  test('that was demoted begins anew when it is set again by hand', async () => {
    await publish(1)
    for (let at = 0; at < 6; at++) await noteCall(1, true)
    await kinds.point(kind, 1, '')
    expect(await noteCall(1, false)).toEqual({ demoted: false })
    expect(await now()).toMatchObject({ state: 'tooled', version: 1 })
  })

  test('that does not exist cannot be set', async () => {
    await publish(1)
    await expect(kinds.point(kind, 2, '')).rejects.toThrow(`there is no version 2 of ${kind}`)
    await expect(kinds.point('k-none-1a2b3c', 1, '')).rejects.toThrow('there is no kind k-none-1a2b3c')
    expect(await now()).toMatchObject({ version: 1 })
  })
})

describe('the nursery', () => {
  test('takes a text in only if no kind has changed since its writer looked', async () => {
    const seen = await kinds.epoch()
    const born = await Promise.all(['one a', 'two b', 'three c'].map((text) => kinds.createInNursery(text, '', readingOf(text), seen)))
    expect(born.filter((id) => id !== false)).toHaveLength(1)
    const again = await kinds.createInNursery('two b', '', readingOf('two b'), await kinds.epoch())
    expect(again).toMatch(/^k-two-b-[0-9a-f]{6}$/)
    expect(await now(again as KindId)).toMatchObject({ state: 'nursery', label: 'two b', seen: 0 })
  })

  test('has room for every line of its few texts, without a make', async () => {
    const id = await kinds.createInNursery('one a', '', readingOf('one a'), await kinds.epoch())
    if (id === false) throw new Error('nothing else was changed')
    expect(await kinds.place(id, RUN, 'a', lines(12), 'wait')).toMatchObject({
      gather: lines(12).map(({ seq }) => seq),
      waiting: 0,
      makes: false,
    })
  })

  test('makes room for new texts, and never by a kind that has grown up', async () => {
    const grown = await kinds.createInNursery('12 + 7', '', readingOf('12 + 7'), await kinds.epoch())
    if (grown === false) throw new Error('nothing else was changed')
    expect(await kinds.saveReading(grown, readingOf('12 + 7'), 'gathering', 0)).toBe(true)
    // The very same text, which fits no template, comes again.
    expect(await kinds.createInNursery('12 + 7', '', readingOf('12 + 7'), await kinds.epoch())).toBe(grown)
    const first = await kinds.createInNursery('first', '', readingOf('first'), await kinds.epoch())
    for (let at = 0; at < 300; at++) await kinds.createInNursery(`text ${at}`, '', readingOf(`text ${at}`), await kinds.epoch())
    expect(await kinds.get(first as KindId)).toBeNull()
    expect(await now(grown)).toMatchObject({ state: 'gathering' })
  })

  test('leaves nothing of a thousand unknown texts but the latest', { timeout: 30_000 }, async () => {
    const { tools, money } = data.registry
    const example = { v: 1 as const, answer: 'a', source: 'given' as const, votes: 1, run: RUN, at: 1 }
    const tokens = { uncachedInput: 1, cacheRead: 0, cacheWrite: 0, output: 1 }
    const reply = { v: 1 as const, text: 'a', finish: 'stop', model: 'm', tokens, costNano: 1, price: 'p', completion: null }
    /** All that a line of such a kind leaves. */
    const answer = async (id: KindId, at: number) => {
      const text = `unknown text ${at}`
      const payment = { run: RUN, field: 'x', kind: id, role: 'strong', purpose: 'answer', model: 'm' } as const
      const placement = await kinds.place(id, RUN, `job-${at}`, lines(1, at), 'wait')
      await kinds.dropPlaced(RUN, [`job-${at}`])
      await tools.addExamples(id, [{ ...example, text }])
      await tools.addGatheredText(id, { text, answer: 'a', run: RUN })
      await kinds.gathered(id, RUN, at)
      await money.begin({ ...payment, boundNano: 1, timeoutMs: 1, textBytes: 1 })
      await money.settle({ ...payment, boundNano: 1, timeoutMs: 1, textBytes: 1 }, 1, reply)
      await money.dropReplies(RUN, ['x'])
      return placement.go
    }
    const born: KindId[] = []
    let most = 0
    for (let at = 0; at < 1_000; at++) {
      const text = `unknown text ${at}`
      const id = await kinds.createInNursery(text, '', readingOf(text, RUN), await kinds.epoch())
      if (id === false) throw new Error('nothing else was changed')
      born.push(id)
      await kinds.remember(`shape-${at}`, id)
      if (at % 3 > 0) await answer(id, at)
      if (at % 100 === 99) most = Math.max(most, (await data.redis.keys(`${data.keyPrefix}kind:*`)).length)
    }
    // Of each kind its record, and four more of those that were answered; besides them the one that has a name.
    expect(most).toBeLessThanOrEqual(1 + 300 * 5)
    // A line whose kind is gone by the time that it is placed and answered.
    expect(await answer(born[0]!, 0)).toBe('gone')
    expect(await data.redis.keys(`${data.keyPrefix}kind:${born[0]}*`)).toEqual([])
    expect(await kinds.count()).toBe(301)
    expect((await kinds.changedSince(-1)).length).toBe(301)
    expect(await kinds.recall(['shape-0', 'shape-999'])).toEqual([null, born[999]])
    const other = await data.redis.keys(`${data.keyPrefix}*`)
    expect(other.filter((key) => !key.startsWith(`${data.keyPrefix}kind:`)).length).toBeLessThan(20)
  })

  test('is emptied of what has been there for long', async () => {
    const born = async (text: string) => kinds.createInNursery(text, '', readingOf(text), await kinds.epoch())
    const old = (await born('one a')) as KindId
    await data.redis.zadd(`${data.keyPrefix}nursery`, 5, old)
    const young = (await born('two b')) as KindId
    expect(await kinds.emptyNursery(1_000)).toBe(1)
    expect([await kinds.get(old), (await kinds.get(young))?.state]).toEqual([null, 'nursery'])
  })

  test('gives a text that comes again after it made room a kind of its own anew', async () => {
    const born = async () => kinds.createInNursery('quince jam', '', readingOf('quince jam'), await kinds.epoch())
    const id = (await born()) as KindId
    const index = openKindIndex(kinds)
    await index.refresh()
    expect(index.nearest('', 'quince jam', 5).map((one) => one.kind.id)).toEqual([id])
    await kinds.emptyNursery(Number.MAX_SAFE_INTEGER)
    await index.refresh()
    expect([index.living(id), index.nearest('', 'quince jam', 5)]).toEqual([undefined, []])
    expect(await born()).toBe(id)
    await index.refresh()
    expect(index.living(id)).toMatchObject({ state: 'nursery' })
  })

  test('a reading is saved by the first of those who read the same revision', async () => {
    const id = await kinds.createInNursery('one a', '', readingOf('one a'), await kinds.epoch())
    if (id === false) throw new Error('nothing else was changed')
    const { rev } = await now(id)
    const saved = await Promise.all(['x', 'y', 'z'].map((text) => kinds.saveReading(id, readingOf(text), 'gathering', rev)))
    expect(saved.filter(Boolean)).toHaveLength(1)
    expect(await now(id)).toMatchObject({ rev: rev + 1, state: 'gathering' })
  })

  test('a reading that is saved after a make has ended does not undo its end', async () => {
    const { rev, reading } = await now()
    await publish(1)
    expect(await kinds.saveReading(kind, reading, 'gathering', rev)).toBe(true)
    expect(await now()).toMatchObject({ state: 'tooled', version: 1 })
  })
})

describe('names, changes and decisions', () => {
  test('a name stands for one kind in each frame', async () => {
    expect(await kinds.named('sort words', '', 'another sample')).toBe(kind)
    expect(await kinds.named('sort words', 'frame', 'sample')).not.toBe(kind)
    expect(await now()).toMatchObject({ name: 'sort words', state: 'gathering', reading: { samples: ['Sort b a'] } })
    expect(await kinds.list()).toHaveLength(2)
  })

  test('every change of state is told by the epoch', async () => {
    let since = await kinds.epoch()
    const changes: [string, () => Promise<unknown>][] = [
      ['published', () => publish(1)],
      ['demoted', async () => Promise.all(Array.from({ length: 6 }, () => noteCall(1, true)))],
      ['pointed', () => kinds.point(kind, 1, '')],
      ['merged', async () => kinds.merge(kind, await kinds.named('count', '', 'x'))],
    ]
    for (const [what, change] of changes) {
      await change()
      expect([what, (await kinds.changedSince(since)).includes(kind)]).toEqual([what, true])
      since = await kinds.epoch()
      expect(await kinds.changedSince(since)).toEqual([])
    }
  })

  test('a merged kind sends its lines to the other', async () => {
    const other = await kinds.named('count', '', 'x')
    await kinds.merge(kind, other)
    expect(await kinds.place(kind, RUN, 'a', lines(1), 'wait')).toEqual({ go: 'alias', kind: other })
    expect(await kinds.peek([kind, other, 'k-none-1a2b3c'])).toEqual([
      { version: 0, alias: other },
      { version: 0, alias: '' },
      { version: 0, alias: '' },
    ])
  })

  test('a merged kind is found by its own texts still, as the one that it was merged into, until they are split', async () => {
    const words = ['oven', 'pear', 'fig'].map((word) => `please put these words in order: ${word}`)
    const reading = words.slice(1).reduce((known, text) => learn(known, text), readingOf(words[0]!))
    const grown = (await kinds.createInNursery(words[0]!, '', reading, await kinds.epoch())) as KindId
    await kinds.saveReading(grown, reading, 'gathering', 0)
    const index = openKindIndex(kinds)
    const found = async (text: string) => {
      await index.refresh()
      return [index.fitting('', tokensOf(text)).map(({ id }) => id), index.nearest('', text, 5).map((one) => one.kind.id)]
    }
    const text = 'please put these words in order: oven pear'
    expect(await found(text)).toEqual([[grown], [grown]])
    await kinds.merge(grown, kind)
    expect(await found(text)).toEqual([[kind], [kind]])
    expect(index.living(grown)?.id).toBe(kind)
    // A judge is shown what the text is like.
    expect(index.nearest('', text, 5)[0]?.texts).toEqual(words)
    expect(index.nearest('', 'Sort c b a', 5)).toMatchObject([{ texts: ['Sort b a'] }])
    await openAdministration(data).unmerge(grown)
    expect(await found(text)).toEqual([[grown], [grown]])
  })

  test('kinds are merged in no circle', async () => {
    const other = await kinds.named('count', '', 'x')
    await kinds.merge(kind, other)
    const refused = 'must be two kinds of which neither is merged into another'
    for (const [from, into] of [
      [other, kind],
      [kind, other],
      [other, other],
      ['k-none-1a2b3c', other],
    ] as const)
      await expect(kinds.merge(from, into)).rejects.toThrow(refused)
    expect((await now(other)).alias).toBe('')
  })

  test('decisions are remembered by shape', async () => {
    await kinds.remember('shape-1', kind)
    expect(await kinds.recall(['shape-1', 'shape-2'])).toEqual([kind, null])
    expect(await kinds.recall([])).toEqual([])
  })
})

test('a tool that is disabled while it is made again stays disabled', async () => {
  const id = await kinds.named('disabled while made', '', 'a text')
  const before = (await kinds.get(id))!
  await kinds.point(id, 0, 'disabled by hand')
  expect(await kinds.settle(id, before.generation, { end: 'published', version: 1, tool: '{}' })).toBe(false)
  expect((await kinds.get(id))!.version).toBe(0)
})
