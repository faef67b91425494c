import { describe, expect, test } from 'vitest'
import { fits, loosen, nearness, tokensOf, wordsIn, type Template } from './template.ts'

const from = (...lines: string[]): Template => lines.slice(1).reduce<Template>((t, line) => loosen(t, tokensOf(line)), tokensOf(lines[0]!))

const sort = from(
  'Sort the following words alphabetically: List: oven costume counterpart',
  'Sort the following words alphabetically: List: syndrome therefrom',
  'Sort the following words alphabetically: List: a quick brown fox',
)

describe('template', () => {
  test('has a slot only where its lines have differed', () => {
    expect(sort).toEqual(['Sort', 'the', 'following', 'words', 'alphabetically', ':', 'List', ':', null])
    expect(wordsIn(sort)).toBe(6)
  })

  test.each([
    ['Sort the following words alphabetically: List: one two three', true],
    ['Sort the following words alphabetically: List:', true],
    ['Sort the following words in reverse alphabetically: List: one two', false],
    ['Sort the following words by length: List: one two', false],
    ['Please sort the following words alphabetically: List: one', false],
    ['Do not sort the following words', false],
  ])('%s', (text, expected) => {
    expect(fits(sort, tokensOf(text))).toBe(expected)
  })

  test('tokens that always stood together let nothing in between, at the end and in the middle', () => {
    const template = from('from 3 km to miles now', 'from 14 km to miles now', 'from 5 km to miles now')
    expect(fits(template, tokensOf('from 9 km to miles now'))).toBe(true)
    expect(fits(template, tokensOf('from 9 km to nautical miles now'))).toBe(false)
    expect(fits(template, tokensOf('from 9 km to miles now please'))).toBe(false)
  })

  test('a loosened template fits all that it fitted before', () => {
    const lines = ['a b c d e', 'a x c d y e', 'b c q d e', 'a c d']
    let template: Template = tokensOf(lines[0]!)
    for (const [index, line] of lines.entries()) {
      template = loosen(template, tokensOf(line))
      for (const earlier of lines.slice(0, index + 1)) expect(fits(template, tokensOf(earlier))).toBe(true)
    }
  })

  test('an empty template fits an empty line only', () => {
    expect(fits([], [])).toBe(true)
    expect(fits([], ['a'])).toBe(false)
    expect(fits([null], ['a', 'b'])).toBe(true)
  })

  test('words outside ASCII are words', () => {
    expect(tokensOf('Größe über 12,5 €')).toEqual(['Größe', 'über', '12', ',', '5', '€'])
  })

  test('nearness is the share of words found in order', () => {
    expect(nearness(sort, tokensOf('Sort the following words in reverse alphabetically: List: b a'))).toBe(1)
    expect(nearness(sort, tokensOf('What is the time?'))).toBeLessThan(0.4)
  })
})
