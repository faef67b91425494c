import type { KindId } from '@toolwright/contracts'
import { type Kind, type Reading } from './kind.ts'
import { type Kinds } from './kinds.ts'
import {
  apply,
  differences,
  fits,
  isWord,
  MAX_TEMPLATE_TOKENS,
  MIN_TEMPLATE_WORDS,
  nearness,
  type Template,
  tokensOf,
  wordsIn,
} from './template.ts'

/** Lines that must have made a template before it decides on its own. */
const LINES_FOR_TEMPLATE = 3
/** Judged lines that must ask for the same gap, so that no template is loosened by the word of a single judgement. */
const LINES_TO_LOOSEN = 2
/** A line this near to a template is another case of its wording; below, it is another wording. */
const SAME_WORDING = 0.6
const MAX_PENDING = 24
const MAX_SAMPLES = 4
const MAX_TEMPLATES = 12
/** Lines in a row without a new token, after which a vocabulary counts as closed. */
const STEADY_LINES = 6
const MAX_VOCABULARY = 40

/** The reading of a kind whose first text this is. */
export function readingOf(text: string): Reading {
  return { templates: [], pending: [text], samples: [text], members: 1, vocabulary: widen(null, tokensOf(text)) }
}

/**
 * The reading after one more text was found to belong to the kind, though it fits none of its templates. A template is made from three lines of one wording;
 * one that is there is loosened when a second line asks for the same.
 */
export function learn(reading: Reading, text: string): Reading {
  const line = tokensOf(text)
  const vocabulary = reading.templates.length > 0 ? null : widen(reading.vocabulary, line)
  const members = reading.members + 1
  const samples = reading.samples.length < MAX_SAMPLES && !reading.samples.includes(text) ? [...reading.samples, text] : reading.samples
  if (line.length > MAX_TEMPLATE_TOKENS || reading.pending.includes(text)) return { ...reading, samples, members, vocabulary }
  const pending = reading.pending.map((one) => ({ text: one, tokens: tokensOf(one) }))

  // The nearest wording counts votes for each gap: only a gap that two lines ask for is opened.
  const base = reading.templates
    .map((template, index) => ({ template, index, near: nearness(template.tokens, line) }))
    .filter(({ near }) => near >= SAME_WORDING)
    .toSorted((a, b) => b.near - a.near)[0]
  if (base !== undefined) {
    const { tokens } = base.template
    const wanted = differences(tokens, line)
    const others = pending.filter((one) => nearness(tokens, one.tokens) >= SAME_WORDING).map((one) => differences(tokens, one.tokens))
    const agreed = new Set([...wanted].filter((place) => 1 + others.filter((places) => places.has(place)).length >= LINES_TO_LOOSEN))
    const looser = apply(tokens, agreed)
    const isLoosened = agreed.size > 0 && wordsIn(looser) >= MIN_TEMPLATE_WORDS
    const templates = isLoosened
      ? reading.templates.with(base.index, { tokens: looser, lines: base.template.lines + 1 })
      : reading.templates
    const left = [...reading.pending, text].filter((one) => !isLoosened || !fits(looser, tokensOf(one)))
    return { templates, pending: left.slice(-MAX_PENDING), samples, members, vocabulary: null }
  }

  const alike = pending
    .map((one) => ({ ...one, near: nearness(one.tokens, line) }))
    .filter(({ near }) => near >= SAME_WORDING)
    .toSorted((a, b) => b.near - a.near)
  if (alike.length + 1 >= LINES_FOR_TEMPLATE && reading.templates.length < MAX_TEMPLATES) {
    const makers = alike.slice(0, LINES_FOR_TEMPLATE - 1)
    const tokens = foundTemplate([line, ...makers.map((maker) => maker.tokens)])
    if (wordsIn(tokens) >= MIN_TEMPLATE_WORDS) {
      const supporters = pending.filter((one) => fits(tokens, one.tokens))
      return {
        templates: [...reading.templates, { tokens, lines: supporters.length + 1 }],
        pending: without(reading.pending, supporters),
        samples,
        members,
        vocabulary: null,
      }
    }
  }
  return { templates: reading.templates, pending: [...reading.pending, text].slice(-MAX_PENDING), samples, members, vocabulary }
}

/**
 * The template that a few lines make: of each line in turn, with the gaps that two others ask for, the one that keeps most words. A slip in one of the lines opens no
 * gap, then; signs and numbers need one vote, since they are data more often than not.
 */
function foundTemplate(lines: string[][]): Template {
  const candidates = lines.map((base, at) => {
    const votes = new Map<string, number>()
    for (const [other, line] of lines.entries())
      if (other !== at) for (const place of differences(base, line)) votes.set(place, (votes.get(place) ?? 0) + 1)
    const isAgreed = ([place, count]: [string, number]) => {
      const token = place.startsWith('token:') ? base[Number(place.slice('token:'.length))] : undefined
      return count >= LINES_TO_LOOSEN || (token !== undefined && !isWord(token))
    }
    return apply(base, new Set([...votes].filter(isAgreed).map(([place]) => place)))
  })
  return candidates.reduce((best, one) => (wordsIn(one) > wordsIn(best) ? one : best))
}

/** The vocabulary with a line's tokens, numbers all counting as one; null once it is too large to say anything. */
function widen(vocabulary: Reading['vocabulary'], line: readonly string[]): Reading['vocabulary'] {
  const known = new Set(vocabulary?.tokens)
  const size = known.size
  for (const token of line) known.add(vocable(token))
  if (known.size > MAX_VOCABULARY) return null
  return { tokens: [...known], steadyLines: vocabulary !== null && known.size === size ? vocabulary.steadyLines + 1 : 0 }
}

function vocable(token: string): string {
  return /^\p{N}+$/u.test(token) ? '0' : token
}

/**
 * Whether a line can be one of a kind that is too poor in words for a template, such as arithmetic or boolean expressions: it uses no token outside the kind's
 * vocabulary, and that has stopped growing.
 */
function speaks({ templates, vocabulary }: Reading, line: readonly string[]): boolean {
  if (templates.length > 0 || vocabulary === null || vocabulary.steadyLines < STEADY_LINES || line.length === 0) return false
  const known = new Set(vocabulary.tokens)
  return line.every((token) => known.has(vocable(token)))
}

function without(pending: string[], taken: { text: string }[]): string[] {
  return pending.filter((text) => !taken.some((one) => one.text === text))
}

export interface Neighbour {
  kind: Kind
  /** 0 to 1: the share of telling words in common. */
  likeness: number
}

/** All kinds' readings in memory, kept fresh by the registry's epoch. */
export interface KindIndex {
  /** Takes in what changed; returns the epoch it now stands at. One round trip when nothing did. */
  refresh(): Promise<number>
  get(kind: KindId): Kind | undefined
  /** Every kind one of whose templates fits the line. */
  fitting(frame: string, tokens: readonly string[]): Kind[]
  /** The kinds whose texts are most like this one, for the judge to choose from: likeness alone never decides. */
  nearest(frame: string, text: string, limit: number): Neighbour[]
  all(): Kind[]
}

/** Below this share of telling words in common there is nothing to judge. */
const MIN_LIKENESS = 0.12

export function openKindIndex(kinds: Kinds): KindIndex {
  const known = new Map<KindId, Kind>()
  const words = new Map<KindId, Set<string>[]>()
  let epoch = -1

  return {
    refresh: async () => {
      const latest = await kinds.epoch()
      if (latest === epoch) return epoch
      const changed = await kinds.changedSince(epoch)
      for (const kind of await Promise.all(changed.map((id) => kinds.get(id)))) {
        if (kind === null) continue
        known.set(kind.id, kind)
        words.set(
          kind.id,
          kind.reading.samples.map((text) => new Set(tellingWords(text))),
        )
      }
      epoch = latest
      return epoch
    },
    get: (kind) => known.get(kind),
    all: () => [...known.values()],
    fitting: (frame, tokens) => {
      if (tokens.length > MAX_TEMPLATE_TOKENS) return []
      const found: Kind[] = []
      for (const kind of known.values()) {
        if (kind.frame !== frame || !isLive(kind) || kind.state === 'nursery') continue
        const isTemplated = kind.reading.templates.some((template) => template.lines >= LINES_FOR_TEMPLATE && fits(template.tokens, tokens))
        if (isTemplated || speaks(kind.reading, tokens)) found.push(kind)
      }
      return found
    },
    nearest: (frame, text, limit) => {
      const own = new Set(tellingWords(text))
      const candidates: { kind: Kind; sets: Set<string>[] }[] = []
      const frequency = new Map<string, number>()
      for (const kind of known.values()) {
        if (kind.frame !== frame || !isLive(kind)) continue
        const sets = words.get(kind.id) ?? []
        candidates.push({ kind, sets })
        const all = new Set(sets.flatMap((set) => [...set]))
        for (const word of all) frequency.set(word, (frequency.get(word) ?? 0) + 1)
      }
      const weight = (word: string) => Math.log(1 + candidates.length / (frequency.get(word) ?? 1))
      return candidates
        .map(({ kind, sets }) => ({ kind, likeness: likenessOf(own, sets, weight) }))
        .filter(({ likeness }) => likeness >= MIN_LIKENESS)
        .toSorted((a, b) => b.likeness - a.likeness || (a.kind.id < b.kind.id ? -1 : 1))
        .slice(0, limit)
    },
  }
}

/**
 * How much of what a kind's texts have in common stands in this text, weighted by how telling each word is. Words of this text that no kind knows are its
 * data, and say nothing.
 */
function likenessOf(own: Set<string>, sets: Set<string>[], weight: (word: string) => number): number {
  const core = sets.length < 2 ? (sets[0] ?? new Set<string>()) : wordsOfTwo(sets)
  let shared = 0
  let missing = 0
  for (const word of core) {
    if (own.has(word)) shared += weight(word)
    else missing += weight(word)
  }
  return shared + missing === 0 ? 0 : shared / (shared + missing)
}

function wordsOfTwo(sets: Set<string>[]): Set<string> {
  const once = new Set<string>()
  const twice = new Set<string>()
  for (const set of sets) for (const word of set) (once.has(word) ? twice : once).add(word)
  return twice
}

/** Not merged into another, and not a kind that the nursery had no room for. */
function isLive(kind: Kind): boolean {
  return kind.alias === '' && !(kind.state === 'declined' && kind.reading.members < LINES_FOR_TEMPLATE && kind.name === '')
}

/** Words and signs, without numbers: which data a request carries says little of what it asks for. */
function tellingWords(text: string): string[] {
  return tokensOf(text.toLowerCase()).filter((token) => !/^\p{N}+$/u.test(token))
}
