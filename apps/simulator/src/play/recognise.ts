import { recognise, type Family, type Recognised } from '@toolwright/families'
import { boundedCache } from '../bounded-cache.ts'

export interface Known extends Recognised {
  family: Family
}

/** The family of a text and the arguments in it; null for a text of no family. */
export type Recognise = (text: string) => Known | null

/** Remembers texts: the same ones stand in many prompts (a judge's groups, a call's usage examples). */
export function createRecognise(): Recognise {
  const known = boundedCache<Known | null>(20_000)
  return (text) => known.get(text, () => recognise(text) ?? recognise(text.trim()))
}

/** The one family of all the texts that are recognised; null where there is none or more than one. */
export function familyOfAll(texts: string[], recogniseText: Recognise): Family | null {
  const found = new Set(texts.flatMap((text) => recogniseText(text)?.family ?? []))
  const [only] = found
  return found.size === 1 && only ? only : null
}
