import type { Example, Tool } from '@toolwright/contracts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestRegistry, type TestRegistry } from './testing.ts'
import type { Tools } from './tools.ts'

let data: TestRegistry
let tools: Tools
let kind: string
beforeEach(async () => {
  data = openTestRegistry()
  tools = data.registry.tools
  kind = await data.registry.kinds.named('sort', '', 'Sort b a')
})
afterEach(() => data.close())

function example(text: string, more: Partial<Example> = {}): Example {
  return { v: 1, text, answer: 'a b', source: 'agreed', votes: 2, run: 'r-aaaaaaaaaa', at: 0, ...more }
}

function toolOf(version: number): Tool {
  const evidence = {
    proposedFrom: 3,
    heldBack: 3,
    extractedRight: 3,
    calledRight: 3,
    foreignTexts: 2,
    foreignAccepted: 0,
    mutants: 9,
    mutantsSurvived: 0,
    candidates: 1,
    repairs: 0,
  }
  return {
    v: 1,
    kind,
    version,
    sha256: 'f',
    source: `# version ${version}`,
    schema: { type: 'object' },
    tiers: { extracted: true, called: false },
    verbatim: [],
    usage: [],
    runs: [],
    evidence,
    model: 'big',
    generation: version,
    costNano: null,
    at: 1,
  }
}

test('keeps the first example for each text', async () => {
  expect(await tools.addExamples(kind, [example('one', { at: 2 })])).toEqual({ examples: 1, refused: 0 })
  expect(await tools.addExamples(kind, [example('one', { answer: 'other' })])).toEqual({ examples: 1, refused: 0 })
  expect(await tools.addExamples(kind, [example('two', { at: 1 })])).toEqual({ examples: 2, refused: 0 })
  expect((await tools.examples(kind)).map(({ text, answer }) => [text, answer])).toEqual([
    ['two', 'a b'],
    ['one', 'a b'],
  ])
})

test('counts what the tool refused, once for each text, until a make is settled', async () => {
  await tools.addExamples(kind, [example('one', { refusedBy: 1 })])
  expect(await tools.addExamples(kind, [example('one', { refusedBy: 1 })])).toEqual({ examples: 1, refused: 1 })
  expect(await tools.addExamples(kind, [example('two', { refusedBy: 1 })])).toEqual({ examples: 2, refused: 2 })
  await data.registry.kinds.settle(kind, 1, { end: 'published', version: 1, tool: '{}' })
  expect(await tools.addExamples(kind, [example('three')])).toEqual({ examples: 3, refused: 0 })
})

test('however many refused lines come at once, few may be asked for: 20 for each make, and none once six are examples', async () => {
  const turns = await Promise.all(Array.from({ length: 50 }, () => tools.takeLabelTurn(kind)))
  expect(turns.filter((turn) => turn.isTaken)).toHaveLength(20)
  await tools.giveBackLabelTurn(kind)
  expect(await tools.takeLabelTurn(kind)).toEqual({ isTaken: true, refused: 0 })
  expect(await tools.takeLabelTurn(kind)).toEqual({ isTaken: false, refused: 0 })
  await data.registry.kinds.settle(kind, 1, { end: 'published', version: 1, tool: '{}' })
  for (let at = 0; at < 6; at++) {
    expect(await tools.takeLabelTurn(kind)).toEqual({ isTaken: true, refused: at })
    await tools.addExamples(kind, [example(`text ${at}`, { refusedBy: 1 })])
  }
  expect(await tools.takeLabelTurn(kind)).toEqual({ isTaken: false, refused: 6 })
})

test('keeps at most a hundred', async () => {
  for (let at = 0; at < 105; at++) await tools.addExamples(kind, [example(`text ${at}`)])
  expect(await tools.addExamples(kind, [example('one more')])).toEqual({ examples: 100, refused: 0 })
  expect(await tools.examples(kind)).toHaveLength(100)
})

test('a contradicted label is replaced or dropped', async () => {
  await tools.addExamples(kind, [example('one')])
  await tools.addExamples(kind, [example('two')])
  await tools.replaceExamples(kind, [example('one', { answer: 'b', votes: 4 })])
  await tools.dropExamples(kind, ['two'])
  expect(await tools.examples(kind)).toEqual([example('one', { answer: 'b', votes: 4 })])
})

test('gives the exact version that is asked for, and all in order', async () => {
  for (const version of [1, 2])
    await data.registry.kinds.settle(kind, version, { end: 'published', version, tool: JSON.stringify(toolOf(version)) })
  expect(await tools.get(kind, 1)).toEqual(toolOf(1))
  expect(await tools.get(kind, 2)).toEqual(toolOf(2))
  expect((await tools.versions(kind)).map(({ version }) => version)).toEqual([1, 2])
  await expect(tools.get(kind, 3)).rejects.toThrow(`the tool ${kind}@3 is not in the registry`)
})

test('makes are counted as they are settled, once; one that never began has no price, and one that is put off has not ended', async () => {
  const { kinds } = data.registry
  const declined = { end: 'declined', reason: 'no', cooldownMs: 1 } as const
  await kinds.settle(kind, 1, { end: 'published', version: 1, tool: '{}' }, 100)
  expect(await kinds.settle(kind, 1, declined, 100)).toBe(false)
  expect(await kinds.settle(kind, 2, { end: 'published', version: 3, tool: '{}' }, 100)).toBe(false)
  await kinds.settle(kind, 2, { end: 'published', version: 2, tool: '{}' }, 50)
  await kinds.settle(kind, 3, { ...declined, end: 'put-off' }, 1_000)
  await kinds.settle(kind, 3, declined, null)
  await kinds.settle(kind, 4, declined, 7)
  await kinds.settle(kind, 5, { end: 'unworthy', worthAt: 9 })
  expect(await tools.makes()).toEqual({ published: 2, declined: 2, unworthy: 1, priced: 3, costNano: 157 })
})

test('an answer that a user gave is never replaced', async () => {
  await tools.addExamples(kind, [example('given', { source: 'given', answer: 'theirs' })])
  await tools.replaceExamples(kind, [example('given', { source: 'tools', answer: 'ours' })])
  expect((await tools.examples(kind)).find(({ text }) => text === 'given')?.answer).toBe('theirs')
})

test('an answer that a user gives takes the place of what models or tools found for the same text, and no other does', async () => {
  await tools.addExamples(kind, [
    example('agreed', { refusedBy: 1 }),
    example('tools', { source: 'tools' }),
    example('theirs', { source: 'given' }),
  ])
  const given = (text: string, answer: string): Example => example(text, { source: 'given', answer, votes: 1 })
  const all = [given('agreed', 'right'), given('tools', 'right'), given('theirs', 'another'), given('new', 'right')]
  // Without room, what is there is put right all the same.
  expect(await tools.addExamples(kind, all, 0)).toEqual({ examples: 3, refused: 1 })
  await tools.dropExamples(kind, ['agreed', 'tools'])
  const found = new Map((await tools.examples(kind)).map(({ text, answer, source, refusedBy }) => [text, [answer, source, refusedBy]]))
  expect(Object.fromEntries(found)).toEqual({
    agreed: ['right', 'given', 1],
    tools: ['right', 'given', undefined],
    theirs: ['a b', 'given', undefined],
  })
})
