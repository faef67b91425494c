import { hashOf } from '@toolwright/contracts'
import { type Reading } from './kind.ts'
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

/** The reading of a kind whose first text this is, which came from `run`. */
export function readingOf(text: string, run = ''): Reading {
  const reading = { templates: [], pending: [text], samples: [text], members: 1, vocabulary: widen(null, tokensOf(text)), origins: {} }
  return withOrigin(reading, text, run)
}

/**
 * The reading after one more text, which came from `run`, was found to belong to the kind, though it fits none of its templates. A template is made from three lines of
 * one wording; one that is there is loosened when a second line asks for the same.
 */
export function learn(reading: Reading, text: string, run = ''): Reading {
  return withOrigin(learnText(reading, text), text, run)
}

/** Whether a line is one of a kind that reads so, as far as that can be said without a judge. */
export function fitsReading(reading: Reading, line: readonly string[]): boolean {
  return reading.templates.some((template) => template.lines >= LINES_FOR_TEMPLATE && fits(template.tokens, line)) || speaks(reading, line)
}

/** The run that a sample or pending text came from, '' where that is not known. */
export function originOf({ origins }: Reading, text: string): string {
  return origins[originKey(text)] ?? ''
}

/**
 * The reading without the texts that came from a run, and these texts. Templates stay, and a vocabulary that has stopped growing: what all lines of the kind
 * share. One that still grows may hold the words of a single line, and begins anew.
 */
export function withoutRun(reading: Reading, run: string): { reading: Reading; forgotten: string[] } {
  const isOthers = (text: string) => originOf(reading, text) !== run
  const forgotten = [...new Set([...reading.samples, ...reading.pending])].filter((text) => !isOthers(text))
  if (forgotten.length === 0) return { reading, forgotten }
  const vocabulary = isClosed(reading.vocabulary) ? reading.vocabulary : null
  const left = { ...reading, samples: reading.samples.filter(isOthers), pending: reading.pending.filter(isOthers), vocabulary }
  return { reading: { ...left, origins: originsIn(left) }, forgotten }
}

/** A text that was there before stays the run's that brought it first. */
function withOrigin(reading: Reading, text: string, run: string): Reading {
  const origins = run === '' ? reading.origins : { [originKey(text)]: run, ...reading.origins }
  return { ...reading, origins: originsIn({ ...reading, origins }) }
}

/** Of the origins, those of texts that are still there. */
function originsIn({ origins, samples, pending }: Reading): Reading['origins'] {
  const kept = new Set([...samples, ...pending].map(originKey))
  return Object.fromEntries(Object.entries(origins).filter(([key]) => kept.has(key)))
}

function originKey(text: string): string {
  return hashOf(text).slice(0, 24)
}

function learnText(reading: Reading, text: string): Reading {
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
    return { ...reading, templates, pending: left.slice(-MAX_PENDING), samples, members, vocabulary: null }
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
        ...reading,
        templates: [...reading.templates, { tokens, lines: supporters.length + 1 }],
        pending: without(reading.pending, supporters),
        samples,
        members,
        vocabulary: null,
      }
    }
  }
  return { ...reading, pending: [...reading.pending, text].slice(-MAX_PENDING), samples, members, vocabulary }
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
  if (templates.length > 0 || vocabulary === null || !isClosed(vocabulary) || line.length === 0) return false
  const known = new Set(vocabulary.tokens)
  return line.every((token) => known.has(vocable(token)))
}

function isClosed(vocabulary: Reading['vocabulary']): boolean {
  return vocabulary !== null && vocabulary.steadyLines >= STEADY_LINES
}

function without(pending: string[], taken: { text: string }[]): string[] {
  return pending.filter((text) => !taken.some((one) => one.text === text))
}
