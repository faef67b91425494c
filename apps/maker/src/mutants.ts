import { groupByWording } from './wordings.ts'

/** A request with one word of its fixed part changed: what asks for something else should not be understood as the original. */
export interface Mutant {
  text: string
  original: string
  /** What was done, for the repair prompt. */
  change: string
}

const INSERTED = ['not', 'reverse', 'except', 'last']
const REPLACEMENT = 'other'
const WORD = /[\p{L}']{2,}/gu
/** Mutants of one text; the words are spread over its length. */
const MAX_WORDS = 8
const MAX_WORDINGS = 3

/**
 * Mutants of requests of one kind: each word that all texts of a wording share is replaced by another, and a word that turns the meaning is inserted before it. Words
 * of the data are not touched: texts differ in them. `texts` must be two or more.
 */
export function mutantsOf(texts: string[]): Mutant[] {
  const { groups } = groupByWording(texts.map((text) => ({ text })))
  const alike = groups.filter((group) => group.length > 1).map((group) => group.map(({ text }) => text))
  const wordings = alike.length > 0 ? alike : [texts]
  const eachOf = wordings.length > 1 ? 1 : 2
  return wordings.slice(0, MAX_WORDINGS).flatMap((group) => {
    const shared = sharedWords(group)
    return group.slice(0, eachOf).flatMap((text, which) => mutate(text, which, shared))
  })
}

function mutate(text: string, which: number, shared: Set<string>): Mutant[] {
  const places = spread(
    [...text.matchAll(WORD)].filter((match) => shared.has(match[0].toLowerCase())),
    MAX_WORDS,
  )
  return places.flatMap((place, at): Mutant[] => {
    const before = text.slice(0, place.index)
    const after = text.slice(place.index + place[0].length)
    const inserted = INSERTED[(at + which) % INSERTED.length]!
    return [
      { text: `${before}${REPLACEMENT}${after}`, original: text, change: `"${place[0]}" replaced by "${REPLACEMENT}"` },
      { text: `${before}${inserted} ${place[0]}${after}`, original: text, change: `"${inserted}" inserted before "${place[0]}"` },
    ]
  })
}

function sharedWords(texts: string[]): Set<string> {
  const [first, ...others] = texts.map((text) => new Set((text.match(WORD) ?? []).map((word) => word.toLowerCase())))
  return new Set([...(first ?? [])].filter((word) => others.every((set) => set.has(word))))
}

function spread<T>(values: T[], most: number): T[] {
  if (values.length <= most) return values
  return Array.from({ length: most }, (_, at) => values[Math.floor((at * (values.length - 1)) / (most - 1))]!)
}
