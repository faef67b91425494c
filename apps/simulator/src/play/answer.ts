import { seededRandom } from '@toolwright/families'
import { mistake, type Player } from './mistake.ts'
import { createOpinion } from './opinion.ts'
import type { Known } from './recognise.ts'
import { wrongAnswer } from './wrong-answer.ts'

/** What the model says to a text of no family: the same at every seed, and nothing that could pass for an answer. */
const NO_RULE_ANSWER = 'This is a simulated model, and it has no rule for this request.'

export function answer(player: Player, text: string, known: Known | null): string {
  if (!known) return NO_RULE_ANSWER
  const right = known.family.solve(known.arguments)
  if (right === null) return createOpinion(seededRandom(player.settings.seed, 'opinion', player.role, text, player.seed))
  const slip = mistake(player, 'answer', known.family.name, text)
  return slip ? wrongAnswer(slip, right, text, known.family) : right
}
