import { expect, test } from 'vitest'
import { type Kind, type Reading } from './kind.ts'
import { type Kinds } from './kinds.ts'
import { openKindIndex } from './kind-index.ts'
import { learn, originOf, readingOf, withoutRun } from './reading.ts'

const read = (texts: string[], run = '') => texts.slice(1).reduce((reading, text) => learn(reading, text, run), readingOf(texts[0]!, run))

const sorting = ['oven costume counterpart', 'syndrome therefrom', 'a quick brown fox'].map(
  (words) => `Sort the following words alphabetically: List: ${words}`,
)

async function indexOf(readings: Record<string, Reading>) {
  const kinds = new Map(
    Object.entries(readings).map(([id, reading]): [string, Kind] => [
      id,
      {
        id,
        label: id,
        name: '',
        frame: '',
        state: 'gathering',
        version: 0,
        versions: 0,
        generation: 1,
        seen: 0,
        started: 0,
        allowed: 10,
        cooldownUntil: 0,
        failures: 0,
        alias: '',
        reason: '',
        rev: 0,
        reading,
      },
    ]),
  )
  const index = openKindIndex({
    epoch: async () => 1,
    changedSince: async () => [...kinds.keys()],
    get: async (id: string) => kinds.get(id) ?? null,
    count: async () => kinds.size,
  } as unknown as Kinds)
  await index.refresh()
  return {
    fitting: (text: string) => index.fitting('', text.match(/[\p{L}']+|\p{N}+|[^\s\p{L}\p{N}']/gu) ?? []).map((kind) => kind.id),
    nearest: (frame: string, text: string, limit: number) => index.nearest(frame, text, limit),
  }
}

test('two texts make no template, three do', () => {
  expect(read(sorting.slice(0, 2)).templates).toEqual([])
  expect(read(sorting).templates).toHaveLength(1)
  expect(read(sorting).pending).toEqual([])
})

test('one line that was judged into a kind loosens nothing, a second that asks for the same gap does', () => {
  const first = learn(read(sorting), 'Sort the following words in reverse alphabetically: List: b a')
  expect(first.templates).toEqual(read(sorting).templates)
  const second = learn(first, 'Sort the following words in some alphabetically: List: d c')
  expect(second.templates[0]!.tokens).not.toEqual(first.templates[0]!.tokens)
})

test('gaps are voted for one by one: lines that differ in two places each open the place they share', () => {
  const base = read(['put 1 red box on the long shelf now', 'put 2 red box on the long shelf now', 'put 3 red box on the long shelf now'])
  const one = learn(base, 'put 4 blue box on the short shelf now')
  const two = learn(one, 'put 5 green box on the long table now')
  const tokens = two.templates[0]!.tokens
  expect(tokens).not.toContain('red')
  expect(tokens).toContain('long')
  expect(tokens).toContain('shelf')
})

test('a second wording gets a template of its own', () => {
  const both = ['x y z', 'p q', 'r s t'].reduce(
    (reading, words) => learn(reading, `Please put these in the order of the alphabet, thanks: ${words}`),
    read(sorting),
  )
  expect(both.templates).toHaveLength(2)
})

test('a kind nearly without words is known by its vocabulary, once that has stopped growing', async () => {
  const expressions = [
    '( 1 + 2 ) * 3 =',
    '4 * ( 5 - 6 ) =',
    '7 - 8 =',
    '( ( 9 + 1 ) - 2 ) * 3 =',
    '4 + 5 * 6 =',
    '7 * 8 - 9 =',
    '( 1 - 2 ) =',
    '3 + 4 =',
    '5 * 6 =',
    '7 - ( 8 ) =',
  ]
  const young = await indexOf({ 'k-sums-aaaaaa': read(expressions.slice(0, 5)) })
  expect(young.fitting('12 * ( 7 + 5 ) =')).toEqual([])
  const grown = await indexOf({ 'k-sums-aaaaaa': read(expressions) })
  expect(grown.fitting('12 * ( 7 + 5 ) =')).toEqual(['k-sums-aaaaaa'])
  expect(grown.fitting('12 * ( 7 + 5 ) modulo 3 =')).toEqual([])
})

test('a text is of the run that brought it first, as long as it is kept', () => {
  const first = readingOf('12 + 7', 'r-aaaaaaaaaa')
  const both = learn(learn(first, '3 + 4', 'r-bbbbbbbbbb'), '12 + 7', 'r-bbbbbbbbbb')
  expect(['12 + 7', '3 + 4', '5 + 6'].map((text) => originOf(both, text))).toEqual(['r-aaaaaaaaaa', 'r-bbbbbbbbbb', ''])
  const many = Array.from({ length: 40 }, (_, at) => `${'x '.repeat(at + 5)}${at}`)
  const later = many.reduce((reading, text) => learn(reading, text, 'r-cccccccccc'), both)
  expect(Object.keys(later.origins)).toHaveLength(new Set([...later.samples, ...later.pending]).size)
})

test('the texts of a run go, and what all texts share stays', () => {
  const mixed = learn(read(sorting), 'Sort the following words by length: List: secret', 'r-aaaaaaaaaa')
  const { reading, forgotten } = withoutRun(mixed, 'r-aaaaaaaaaa')
  expect(forgotten).toEqual(['Sort the following words by length: List: secret'])
  expect(JSON.stringify(reading)).not.toContain('secret')
  expect(reading.templates).toEqual(read(sorting).templates)
  expect(reading.samples).toEqual(read(sorting).samples)
  expect(withoutRun(mixed, 'r-bbbbbbbbbb').reading).toBe(mixed)
})

test('a vocabulary that still grows goes with the texts of a run, one that is closed stays', () => {
  const growing = read(['not ( True )', 'True or secret'], 'r-a')
  expect(withoutRun(growing, 'r-a').reading).toMatchObject({ samples: [], pending: [], vocabulary: null, origins: {} })
  const closed = read(['1 + 2', ...Array.from({ length: 8 }, (_, at) => `${at} + ${at + 1}`)], 'r-a')
  expect(withoutRun(closed, 'r-a').reading.vocabulary).toEqual(closed.vocabulary)
})

test('nearest looks at what the texts of a kind have in common, not at their data', async () => {
  const index = await indexOf({
    'k-sort-aaaaaa': read(sorting),
    'k-sum-bbbbbb': read(['Add up 3 and 4', 'Add up 5 and 6', 'Add up 7 and 8']),
  })
  const [first] = index.nearest('', 'Sort the following words by length: List: elephant mouse hippopotamus giraffe zebra', 5)
  expect(first?.kind.id).toBe('k-sort-aaaaaa')
  expect(index.nearest('another frame', sorting[0]!, 5)).toEqual([])
})
