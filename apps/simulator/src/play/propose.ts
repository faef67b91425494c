import { seededRandom } from '@toolwright/families'
import { FaultyWay } from '../settings.ts'
import { SPOIL, type Shown } from './faulty.ts'
import { toolForTheShown, toolThatGuesses } from './guess.ts'
import { mistake, type Player } from './mistake.ts'
import { familyOfAll, type Recognise } from './recognise.ts'
import type { Candidate, Toolbox } from './toolbox.ts'
import type { Understood } from './understand.ts'

/** A tool for the family that the examples show, right or wrong in one of the set ways; for anything else an honest attempt that cannot work. */
export function propose(
  player: Player,
  { asked, examples, conversation }: Understood & { asked: 'propose' | 'repair' },
  recognise: Recognise,
  toolbox: Toolbox,
): string {
  const texts = examples.map((example) => example.text)
  const known = texts.map((text) => recognise(text))
  const family = familyOfAll(texts, recognise)
  if (!family || known.includes(null))
    return replyWith('I see no common procedure, so the tool keeps to what was shown.', toolForTheShown(examples))
  if (family.group === 'untoolable') {
    return replyWith(
      'This takes judgement; the nearest I can write is a guess.',
      toolThatGuesses(examples, player.settings.guesses === 'hedged'),
    )
  }

  const wordings = [...new Set(known.flatMap((one) => one?.wording ?? []))].toSorted((a, b) => a - b)
  const right = toolbox.toolFor(family.name, wordings)
  const thought = `The fixed words stand in ${wordings.length === 1 ? 'one wording' : `${wordings.length} wordings`}; the data are ${right.parameters.join(', ')}.`
  const slip = mistake(player, asked, family.name, conversation)
  if (!slip) return replyWith(thought, right)

  const way = pickWay(player, conversation)
  if (way === 'no-code')
    return `${thought} A tool for this would read the data and work the answer out step by step. Shall I go on and write it?`
  if (way === 'cut-off') return replyWith(thought, right).slice(0, -Math.floor(right.source.length / 3))
  const shown = examples.flatMap(({ text, answer }, at): Shown[] => {
    const values = known[at]?.arguments
    return values ? [{ text, arguments: values, answer: answer ?? family.solve(values) ?? '' }] : []
  })
  return replyWith(thought, SPOIL[way](right, shown, slip))
}

function pickWay({ settings, role, seed }: Player, conversation: string): FaultyWay {
  const weights = FaultyWay.options.map((way) => settings.faultyWays[way] ?? 1)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  let left = seededRandom(settings.seed, 'way', role, conversation, seed).next() * sum
  const at = weights.findIndex((weight) => (left -= weight) < 0)
  return FaultyWay.options[at] ?? 'crashes'
}

function replyWith(thought: string, { schema, source }: Candidate): string {
  return `${thought}\n\n\`\`\`json\n${schema.trim()}\n\`\`\`\n\n\`\`\`python\n${source.trim()}\n\`\`\``
}
