import type { Random } from '../random.ts'
import { listOf, textOf } from '../read-values.ts'
import { wordedFamily } from '../worded-family.ts'
import { type Slots, wording } from '../wording.ts'
import { words } from './words.ts'

/** What stands in the slot `words`, by wording: separated by blanks, or by commas. */
export const wordPatterns = { blanks: '[a-z]+(?: [a-z]+)+', commas: '[a-z]+(?:, [a-z]+)+' }

export const wordSorting = wordedFamily({
  name: 'word-sorting',
  group: 'paper',
  nearMissOf: null,
  about: 'words brought into alphabetical order',
  wordings: [
    wording('Sort the following words alphabetically: List: {words}', { words: wordPatterns.blanks }),
    wording('Please put these words in alphabetical order: {words}', { words: wordPatterns.commas }),
    wording('Here is a list of words: {words}. Write it out again from A to Z.', { words: wordPatterns.commas }),
  ],
  compose: (random, index) => {
    const picked = someWords(random)
    return { slots: { words: picked.join(separator(index)) }, target: picked.toSorted().join(' ') }
  },
  understand: readWords,
  solve: (values) => listOf(values['words'], 'words', textOf).toSorted().join(' '),
})

/** 2 to 20 different words. */
export function someWords(random: Random): string[] {
  return random.shuffle(words).slice(0, random.between(2, 20))
}

export function separator(wordingIndex: number): string {
  return wordingIndex === 0 ? ' ' : ', '
}

export function readWords(slots: Slots, wordingIndex: number): { words: string[] } {
  return { words: (slots['words'] ?? '').split(separator(wordingIndex)) }
}
