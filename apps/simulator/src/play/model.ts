import type { Asked } from '../settings.ts'
import { answer } from './answer.ts'
import { call } from './call.ts'
import { judge } from './judge.ts'
import type { Player } from './mistake.ts'
import { propose } from './propose.ts'
import { createRecognise, type Known, type Recognise } from './recognise.ts'
import { createToolbox } from './toolbox.ts'
import { createUnderstand, requestBlocks, type Turn, type Understood } from './understand.ts'

export interface Play {
  asked: Asked
  /** The family of the request, or of the examples' first; null for unknown text. */
  family: string | null
  /** Whether the messages ask for JSON alone. */
  wantsJson: boolean
  /** The reply's text for one seed. */
  reply(player: Player): string
}

/** A model by rule: what the messages ask for, and what it says to that. */
export type Model = (turns: Turn[]) => Play

export function createModel(): Model {
  const understand = createUnderstand()
  const recognise = createRecognise()
  const toolbox = createToolbox()
  return (turns) => {
    const understood = understand(turns)
    switch (understood.asked) {
      case 'answer': {
        const known = knownIn(understood, recognise)
        return { asked: 'answer', family: nameOf(known), wantsJson: false, reply: (player) => answer(player, understood.text, known) }
      }
      case 'judge': {
        const known = recognise(understood.text)
        const reply = (player: Player) => JSON.stringify({ group: judge(player, understood, known, recognise) })
        return { asked: 'judge', family: nameOf(known), wantsJson: true, reply }
      }
      case 'call':
      case 'call-again': {
        const known = recognise(understood.text)
        const reply = (player: Player) => JSON.stringify(call(player, understood, known, recognise))
        return { asked: understood.asked, family: nameOf(known), wantsJson: true, reply }
      }
      case 'propose':
      case 'repair': {
        const known = recognise(understood.examples[0]?.text ?? '')
        return {
          asked: understood.asked,
          family: nameOf(known),
          wantsJson: false,
          reply: (player) => propose(player, understood, recognise, toolbox),
        }
      }
    }
  }
}

/** The request to answer: the last user message, or the block in it that marks the request. */
function knownIn({ text }: Understood & { asked: 'answer' }, recognise: Recognise): Known | null {
  const known = recognise(text)
  if (known) return known
  const block = requestBlocks(text).at(-1)
  return block === undefined ? null : recognise(block)
}

function nameOf(known: Known | null): string | null {
  return known?.family.name ?? null
}
