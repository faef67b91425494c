import { textOf } from '../read-values.ts'
import { wordedFamily } from '../worded-family.ts'
import { wording } from '../wording.ts'
import { facts } from './facts.ts'

const patterns = { fact: 'the [A-Za-z -]*[A-Za-z]' }

export const worldKnowledge = wordedFamily({
  name: 'world-knowledge',
  group: 'untoolable',
  nearMissOf: null,
  about: 'questions of general knowledge',
  wordings: [
    wording('Name {fact}. Give only the answer, without a sentence around it.', patterns),
    wording('Next question of our pub quiz: do you know {fact}? Reply with the answer only.', patterns),
    wording('I cannot remember {fact} at the moment. Please remind me in as few words as possible.', patterns),
    wording('For a crossword I need {fact} (just that, in English). Can you help?', patterns),
  ],
  compose: (random) => {
    const [relation, answers] = random.pick(weighted())
    const [subject, answer] = random.pick(Object.entries(answers))
    return { slots: { fact: `${relation} ${subject}` }, target: answer }
  },
  understand: ({ fact = '' }) => (answerTo(fact) === null ? null : { fact }),
  solve: (values) => {
    const answer = answerTo(textOf(values['fact'], 'fact'))
    if (answer === null) throw new RangeError('not a known fact')
    return answer
  },
})

/** Each relation as often as it has answers, so that every question is equally likely. */
function weighted() {
  return Object.entries(facts).flatMap((entry) => Object.keys(entry[1]).map(() => entry))
}

function answerTo(fact: string): string | null {
  for (const [relation, answers] of Object.entries(facts)) {
    const subject = fact.slice(relation.length + 1)
    if (fact.startsWith(`${relation} `) && Object.hasOwn(answers, subject)) return answers[subject] ?? null
  }
  return null
}
