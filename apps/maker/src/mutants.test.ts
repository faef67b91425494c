import { describe, expect, test } from 'vitest'
import { mutantsOf } from './mutants.ts'

const SORT = [
  'Sort the following words alphabetically: List: oven costume counterpart',
  'Sort the following words alphabetically: List: syndrome therefrom',
  'Sort the following words alphabetically: List: pear fig quince apple',
]

describe('mutants', () => {
  test('change one word of the fixed part each, and say which', () => {
    const mutants = mutantsOf(SORT)
    expect(mutants.length).toBeGreaterThan(10)
    for (const { text, original, change } of mutants) {
      expect(SORT).toContain(original)
      expect(text).not.toBe(original)
      const [, word] = /^"(\w+)" replaced by "other"$/.exec(change) ?? []
      const [, inserted, before] = /^"(\w+)" inserted before "(\w+)"$/.exec(change) ?? []
      expect(text).toBe(word === undefined ? original.replace(before!, `${inserted} ${before}`) : original.replace(word, 'other'))
    }
  })

  test('never touch the data', () => {
    for (const { text, original } of mutantsOf(SORT)) expect(text.split(': ').at(-1)).toBe(original.split(': ').at(-1))
  })

  test('insert every word that turns a meaning', () => {
    const changes = mutantsOf(SORT).map(({ change }) => change)
    for (const word of ['not', 'reverse', 'except', 'last'])
      expect(changes.some((change) => change.startsWith(`"${word}" inserted`))).toBe(true)
  })

  test('are the same for the same texts, and none is made twice', () => {
    expect(mutantsOf(SORT)).toEqual(mutantsOf(SORT))
    const texts = mutantsOf(SORT).map(({ text }) => text)
    expect(new Set(texts).size).toBe(texts.length)
  })

  test('are spread over a long text, and not without end', () => {
    const words = Array.from({ length: 60 }, (_, at) => `word${'abcdefghij'[at % 10]}${'klmnop'[Math.floor(at / 10)]}`)
    const long = [`${words.join(' ')} 1`, `${words.join(' ')} 2`]
    const mutants = mutantsOf(long)
    expect(mutants.length).toBeLessThanOrEqual(2 * 2 * 8)
    expect(mutants.some(({ change }) => change.includes(words[0]!))).toBe(true)
    expect(mutants.some(({ change }) => change.includes(words.at(-1)!))).toBe(true)
  })

  test('are of each wording where a kind has more than one', () => {
    const other = [
      'Please put these words in alphabetical order and give them back: oven, costume',
      'Please put these words in alphabetical order and give them back: pear, fig',
      'Please put these words in alphabetical order and give them back: kiwi, lime, date',
    ]
    const originals = mutantsOf([...SORT, ...other]).map(({ original }) => original)
    expect(originals.some((text) => SORT.includes(text))).toBe(true)
    expect(originals.some((text) => other.includes(text))).toBe(true)
  })

  test('are none where the texts have no word in common', () => {
    expect(mutantsOf(['1 + 2 =', '(3 * 4) - 7 ='])).toEqual([])
  })
})
