import { bracketPatterns, openBrackets, openSequence, readBrackets } from '../paper/dyck.ts'
import { textOf } from '../read-values.ts'
import { wordedFamily } from '../worded-family.ts'
import { wording } from '../wording.ts'

export const dyckDepth = wordedFamily({
  name: 'dyck-depth',
  group: 'paper',
  nearMissOf: 'dyck',
  about: 'how deep the brackets of a sequence are nested',
  wordings: [
    wording(
      'Read the rest of the sequence, making sure to say how deep the parentheses are nested at most. Input: {sequence}',
      bracketPatterns,
    ),
    wording(
      'Write the number of brackets that are open at the same time at most, until every opened bracket is closed: {sequence}',
      bracketPatterns,
    ),
    wording('The bracket string {sequence} is not finished. Which depth do its brackets reach, at most?', bracketPatterns),
  ],
  compose: (random) => {
    const { sequence, depth } = openSequence(random)
    return { slots: { sequence }, target: String(depth) }
  },
  understand: readBrackets,
  solve: (values) => String(openBrackets(textOf(values['sequence'], 'sequence')).depth),
})
