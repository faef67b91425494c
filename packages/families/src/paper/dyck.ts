import type { Random } from '../random.ts'
import { textOf } from '../read-values.ts'
import { wordedFamily } from '../worded-family.ts'
import { type Slots, wording } from '../wording.ts'

const closers: Record<string, string> = { '(': ')', '[': ']', '{': '}', '<': '>' }
const openers = Object.keys(closers)
const deepest = 12

export const bracketPatterns = { sequence: String.raw`[()\[\]{}<>](?: [()\[\]{}<>])*` }

export const dyck = wordedFamily({
  name: 'dyck',
  group: 'paper',
  nearMissOf: null,
  about: 'a bracket sequence completed',
  wordings: [
    wording('Complete the rest of the sequence, making sure that the parentheses are closed properly. Input: {sequence}', bracketPatterns),
    wording('Write the brackets that are still missing at the end so that every opened bracket is closed: {sequence}', bracketPatterns),
    wording('The bracket string {sequence} is not finished. Which closing brackets finish it, in order?', bracketPatterns),
  ],
  compose: (random) => {
    const { sequence, open } = openSequence(random)
    return { slots: { sequence }, target: closing(open) }
  },
  understand: readBrackets,
  solve: (values) => closing(openBrackets(textOf(values['sequence'], 'sequence')).open),
})

/** A sequence that leaves at least one bracket open: what is open in the end, and how many were at most. */
export function openSequence(random: Random): { sequence: string; open: string[]; depth: number } {
  const brackets: string[] = []
  const open: string[] = []
  let depth = 0
  const length = random.between(2, 30)
  while (brackets.length < length || open.length === 0) {
    const close = open.length === deepest || (open.length > 0 && random.chance(0.4))
    const bracket = close ? closers[open.pop() ?? ''] : random.pick(openers)
    if (bracket === undefined) throw new Error('closed a bracket that was not open')
    if (!close) open.push(bracket)
    depth = Math.max(depth, open.length)
    brackets.push(bracket)
  }
  return { sequence: brackets.join(' '), open, depth }
}

/** Null where the sequence closes what is not open or leaves nothing to close. */
export function readBrackets(slots: Slots): { sequence: string } | null {
  const sequence = slots['sequence'] ?? ''
  try {
    return openBrackets(sequence).open.length > 0 ? { sequence } : null
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** Throws `RangeError` where a bracket closes what is not open. */
export function openBrackets(sequence: string): { open: string[]; depth: number } {
  const open: string[] = []
  let depth = 0
  for (const bracket of sequence.split(' ')) {
    if (bracket in closers) {
      open.push(bracket)
      depth = Math.max(depth, open.length)
    } else if (closers[open.pop() ?? ''] !== bracket) {
      throw new RangeError(`${bracket} closes nothing that is open`)
    }
  }
  return { open, depth }
}

function closing(open: readonly string[]): string {
  return open
    .toReversed()
    .map((bracket) => closers[bracket])
    .join(' ')
}
