import type { Example } from '@toolwright/contracts'
import { expect, test } from 'vitest'
import type { Make } from './make.ts'
import { settleLabels } from './relabel.ts'
import type { Verdict } from './verify.ts'

const example = (text: string, answer: string, source: Example['source'] = 'agreed'): Example => ({
  v: 1,
  text,
  answer,
  source,
  votes: 2,
  run: 'r-aaaaaaaaaa',
  at: 1,
})
const plan = {
  v: 1 as const,
  shown: [example('a', '1'), example('b', '2'), example('c', '3')],
  heldBack: [example('d', '4'), example('e', 'wrong label'), example('f', '6')],
  foreign: [],
}
const verdict = { wrong: [{ text: 'e', answer: '5' }], extractedTexts: ['a', 'b', 'c', 'd', 'f'] } as unknown as Verdict

/** A make whose strong model gives these answers, and what happened to the kind's examples. */
function makeThatHears(answers: string[]) {
  const changes: string[] = []
  let asked = 0
  const make = {
    kind: { id: 'k-test-aaaaaa', frame: '' },
    services: {
      registry: {
        tools: {
          dropExamples: async (_kind: string, texts: string[]) => void changes.push(...texts.map((text) => `drop ${text}`)),
          replaceExamples: async (_kind: string, all: Example[]) =>
            void changes.push(...all.map((one) => `replace ${one.text} ${one.answer}`)),
        },
      },
    },
    ask: async () => ({ text: answers[asked++] }),
  } as unknown as Make
  return { make, changes, asked: () => asked }
}

test('a contradicted label is replaced when the strong model, asked again, sides with the tool', async () => {
  const { make, changes } = makeThatHears(['5', '5', 'wrong label'])
  const settled = await settleLabels(make, plan, verdict, new Map())
  expect(settled.plan.heldBack.find((one) => one.text === 'e')?.answer).toBe('5')
  expect(changes).toEqual(['replace e 5'])
})

test('it is taken out when the new answers are neither', async () => {
  const { make, changes } = makeThatHears(['7', '8', '5'])
  const settled = await settleLabels(make, plan, verdict, new Map())
  expect(settled.plan.heldBack.map((one) => one.text)).toEqual(['d', 'f'])
  expect(changes).toEqual(['drop e'])
})

test('it stands when the strong model repeats it, until a candidate written apart gives the same other answer', async () => {
  const first = await settleLabels(makeThatHears(['wrong label', 'wrong label', 'wrong label']).make, plan, verdict, new Map())
  expect(first.plan).toBe(plan)
  expect(first.standing).toEqual([{ text: 'e', answer: '5' }])
  const { make, changes } = makeThatHears(['wrong label', 'wrong label', 'wrong label'])
  const second = await settleLabels(make, plan, verdict, new Map([['e', '5']]))
  expect(second.plan.heldBack.map((one) => one.text)).toEqual(['d', 'f'])
  expect(changes).toEqual(['drop e'])
})

test('an answer that a user gave is never asked about, and neither is anything when the tool is mostly wrong', async () => {
  const given = { ...plan, heldBack: plan.heldBack.map((one): Example => (one.text === 'e' ? { ...one, source: 'given' } : one)) }
  const user = makeThatHears([])
  expect((await settleLabels(user.make, given, verdict, new Map())).standing).toEqual([])
  expect(user.asked()).toBe(0)
  const poor = makeThatHears([])
  const bad = { wrong: [{ text: 'e', answer: '5' }], extractedTexts: ['a'] } as unknown as Verdict
  expect((await settleLabels(poor.make, plan, bad, new Map())).plan).toBe(plan)
  expect(poor.asked()).toBe(0)
})
