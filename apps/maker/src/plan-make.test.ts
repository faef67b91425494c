import type { Example } from '@toolwright/contracts'
import { openKindIndex } from '@toolwright/registry'
import { openTestRegistry, type TestRegistry } from '@toolwright/registry/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { planMake } from './plan-make.ts'
import type { Services } from './services.ts'

const RUN = 'r-aaaaaaaaaa'

let data: TestRegistry
beforeEach(() => {
  data = openTestRegistry()
})
afterEach(() => data.close())

/** A kind of requests that begin with these words, which has so many examples, all of one wording but the last three. */
async function kindOf(words: string, examples: number): Promise<string> {
  const { kinds, tools } = data.registry
  const kind = await kinds.named(words, '', `${words} this text please: a`, RUN)
  const textOf = (at: number) => (at < examples - 3 ? `${words} this text please: ${at}` : `this text, ${words} it: ${at}`)
  const all = Array.from({ length: examples }, (_, at): Example => ({
    v: 1,
    text: textOf(at),
    answer: `${at}`,
    source: 'given',
    votes: 1,
    run: RUN,
    at,
  }))
  if (examples > 0) await tools.addExamples(kind, all)
  return kind
}

async function plan(kind: string) {
  const { kinds, tools } = data.registry
  // A plan needs nothing else.
  const services = { registry: data.registry, index: openKindIndex(kinds) } as unknown as Services
  return await planMake(services, (await kinds.get(kind))!, await tools.examples(kind))
}

test('extract must refuse three texts of each other kind that is near, the nearest first, in each of its wordings', async () => {
  const kind = await kindOf('shout', 8)
  await kindOf('spell', 9)
  await kindOf('print', 4)
  await kindOf('sing', 0)
  await data.registry.kinds.named('far', '', 'how many miles make twenty furlongs', RUN)
  await data.registry.kinds.merge(await kindOf('bellow', 5), kind)
  const { foreign } = await plan(kind)
  expect(foreign.filter(({ text }) => text.includes('spell'))).toEqual([
    { text: 'spell this text please: 0', answer: '0', run: RUN },
    { text: 'this text, spell it: 6', answer: '6', run: RUN },
    { text: 'spell this text please: 1', answer: '1', run: RUN },
  ])
  // A kind without examples is known by its texts; one that was merged into this one is not foreign.
  expect(
    foreign
      .map(({ text }) => text)
      .filter((text) => !text.includes('spell'))
      .toSorted(),
  ).toEqual(['sing this text please: a', 'this text, print it: 1', 'this text, print it: 2', 'this text, print it: 3'])
})

test('of other kinds the twenty nearest count', async () => {
  const kind = await kindOf('shout', 8)
  for (let at = 0; at < 24; at++)
    await kindOf(at < 4 ? `far from it all, number ${at}, so do something quite different and` : `turn ${at}`, 4)
  const { foreign } = await plan(kind)
  expect(foreign).toHaveLength(60)
  expect(foreign.filter(({ text }) => text.includes('quite different'))).toEqual([])
})
