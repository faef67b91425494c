import type { Random } from './random.ts'

export type Arguments = Record<string, unknown>

export interface Sample {
  text: string
  /** The right answer by the answer key; null where the family has none (opinions). */
  target: string | null
}

export interface Recognised {
  /** Which of the family's wordings the text is written in, from 0. */
  wording: number
  arguments: Arguments
}

/**
 * A family of sample requests with known answers: for sample streams, the simulator and tests, never for anything that serves a request.
 * `recognise(generate(random, w).text)` gives `w` and arguments for which `solve` gives the target; it gives null for every other family's texts.
 */
export interface Family {
  /** Kebab-case, unique. */
  name: string
  group: 'paper' | 'everyday' | 'untoolable'
  /** The family that reads alike and asks for something else. */
  nearMissOf: string | null
  about: string
  /** At least three. The first two are used from the start of a stream, the others only in its second half (a drift). */
  wordings: number
  generate(random: Random, wording: number): Sample
  /** Understands the family's own texts in any wording, with the typos that `withTypo` makes; null for anything else. */
  recognise(text: string): Recognised | null
  /** The text with one small slip of the keyboard in its fixed words (not in its data), which changes nothing about the answer. */
  withTypo(random: Random, text: string): string
  /** The answer key; for untoolable families a look-up or a fixed judgement, null where there is no right answer. */
  solve(values: Arguments): string | null
}
