import { readWords, separator, someWords, wordPatterns } from '../paper/word-sorting.ts'
import { listOf, textOf } from '../read-values.ts'
import { wordedFamily } from '../worded-family.ts'
import { wording } from '../wording.ts'

export const wordSortingReverse = wordedFamily({
  name: 'word-sorting-reverse',
  group: 'paper',
  nearMissOf: 'word-sorting',
  about: 'words brought into reverse alphabetical order',
  wordings: [
    wording('Sort the following words in reverse alphabetical order: List: {words}', { words: wordPatterns.blanks }),
    wording('Please put these words in reverse alphabetical order: {words}', { words: wordPatterns.commas }),
    wording('Here is a list of words: {words}. Write it out again from Z to A.', { words: wordPatterns.commas }),
  ],
  compose: (random, index) => {
    const picked = someWords(random)
    return { slots: { words: picked.join(separator(index)) }, target: picked.toSorted().toReversed().join(' ') }
  },
  understand: readWords,
  solve: (values) => listOf(values['words'], 'words', textOf).toSorted().toReversed().join(' '),
})
