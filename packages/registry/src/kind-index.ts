import type { KindId } from '@toolwright/contracts'
import { openClaims } from './claims.ts'
import { type Kind } from './kind.ts'
import { type Kinds } from './kinds.ts'
import { fitsReading } from './reading.ts'
import { MAX_TEMPLATE_TOKENS, tokensOf } from './template.ts'

export interface Neighbour {
  kind: Kind
  /** A few texts of it, those of the wording that is most like first where kinds were merged into it. */
  texts: string[]
  /** 0 to 1: the share of telling words in common. */
  likeness: number
}

/** All kinds' readings in memory, kept fresh by the registry's epoch. A kind that was merged into another is known by its own texts still, and found as that other. */
export interface KindIndex {
  /** Takes in what changed, and lets go of kinds that are gone; returns the epoch it now stands at. One round trip when nothing did. */
  refresh(): Promise<number>
  /** The kind that stands for this one: itself, or what it was merged into. */
  living(kind: KindId): Kind | undefined
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
  const claims = openClaims()
  const words = new Map<KindId, Set<string>[]>()
  let epoch = -1

  const living = (id: KindId): Kind | undefined => {
    const kind = known.get(id)
    // What is merged has been a kind of its own until then, so this cannot go round in a circle.
    return kind === undefined || kind.alias === '' ? kind : living(kind.alias)
  }

  return {
    refresh: async () => {
      const latest = await kinds.epoch()
      if (latest === epoch) return epoch
      const changed = await kinds.changedSince(epoch)
      for (const kind of await Promise.all(changed.map((id) => kinds.get(id)))) {
        if (kind === null) continue
        known.set(kind.id, kind)
        if (kind.state !== 'nursery') claims.put(kind.id, kind.reading)
        words.set(
          kind.id,
          kind.reading.samples.map((text) => new Set(tellingWords(text))),
        )
      }
      const before = [...known.keys()]
      if (before.length !== (await kinds.count())) {
        const left = new Set(await kinds.list())
        for (const id of before) {
          if (left.has(id)) continue
          known.delete(id)
          words.delete(id)
          claims.drop(id)
        }
      }
      epoch = latest
      return epoch
    },
    living,
    all: () => [...known.values()],
    fitting: (frame, tokens) => {
      if (tokens.length > MAX_TEMPLATE_TOKENS) return []
      const found = new Set<Kind>()
      for (const id of claims.candidates(tokens)) {
        const { frame: own, reading } = known.get(id)!
        if (own !== frame || !fitsReading(reading, tokens)) continue
        const stands = living(id)
        if (stands !== undefined) found.add(stands)
      }
      return [...found]
    },
    nearest: (frame, text, limit) => {
      const own = new Set(tellingWords(text))
      const candidates: { kind: Kind; stands: Kind; sets: Set<string>[] }[] = []
      const frequency = new Map<string, number>()
      for (const kind of known.values()) {
        const stands = kind.frame === frame ? living(kind.id) : undefined
        if (stands === undefined) continue
        const sets = words.get(kind.id) ?? []
        candidates.push({ kind, stands, sets })
        const all = new Set(sets.flatMap((set) => [...set]))
        for (const word of all) frequency.set(word, (frequency.get(word) ?? 0) + 1)
      }
      const weight = (word: string) => Math.log(1 + candidates.length / (frequency.get(word) ?? 1))
      const near = candidates
        .map((one) => ({ ...one, likeness: likenessOf(own, one.sets, weight) }))
        .filter(({ likeness }) => likeness >= MIN_LIKENESS)
        .toSorted((a, b) => b.likeness - a.likeness || (a.kind.id < b.kind.id ? -1 : 1))
      const neighbours = new Map<Kind, Neighbour>()
      for (const { kind, stands, likeness } of near) {
        const nearer = neighbours.get(stands)
        if (nearer === undefined) neighbours.set(stands, { kind: stands, texts: [...kind.reading.samples], likeness })
        else nearer.texts.push(...kind.reading.samples)
      }
      return [...neighbours.values()].slice(0, limit)
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

/** Words and signs, without numbers: which data a request carries says little of what it asks for. */
function tellingWords(text: string): string[] {
  return tokensOf(text.toLowerCase()).filter((token) => !/^\p{N}+$/u.test(token))
}
