import type { KindId } from '@toolwright/contracts'
import type { Reading } from './kind.ts'

/** Tells, of many kinds, those few whose reading a line could fit at all: looking at each of a thousand for every line would take longer than answering it. */
export interface Claims {
  put(kind: KindId, reading: Reading): void
  drop(kind: KindId): void
  /** In the order in which the kinds were first put. */
  candidates(line: readonly string[]): KindId[]
}

/**
 * Each template stands under one of its fixed tokens, which every line that fits has: of those that fewest templates have, as far as that was known when it was put.
 * A kind without templates, or with one that has no fixed token, is always a candidate.
 */
export function openClaims(): Claims {
  const holders = new Map<string, number>()
  const byToken = new Map<string, Set<KindId>>()
  /** By `outlineOf`, whether there may be an anchor like it: far fewer tokens need to be looked up, each of which costs a hash over its letters. */
  const outlines = new Uint8Array(OUTLINES)
  const always = new Set<KindId>()
  const places = new Map<KindId, { order: number; anchors: Set<string>; tokens: string[] }>()
  let puts = 0

  const drop = (kind: KindId) => {
    const place = places.get(kind)
    if (place === undefined) return
    for (const token of place.tokens) {
      const left = holders.get(token)! - 1
      if (left === 0) holders.delete(token)
      else holders.set(token, left)
    }
    for (const anchor of place.anchors) {
      const kinds = byToken.get(anchor)!
      kinds.delete(kind)
      if (kinds.size === 0) byToken.delete(anchor)
    }
    always.delete(kind)
    places.delete(kind)
  }

  return {
    put: (kind, { templates }) => {
      const order = places.get(kind)?.order ?? puts++
      drop(kind)
      const fixed = templates.map(({ tokens }) => [...new Set(tokens.filter((token) => token !== null))])
      const tokens = fixed.flat()
      for (const token of tokens) holders.set(token, (holders.get(token) ?? 0) + 1)
      const anchors = new Set<string>()
      for (const own of fixed) {
        if (own.length > 0) anchors.add(own.reduce((rarest, token) => (holders.get(token)! < holders.get(rarest)! ? token : rarest)))
      }
      if (templates.length === 0 || fixed.some((own) => own.length === 0)) always.add(kind)
      for (const anchor of anchors) {
        const kinds = byToken.get(anchor) ?? new Set()
        byToken.set(anchor, kinds.add(kind))
        outlines[outlineOf(anchor)] = 1
      }
      places.set(kind, { order, anchors, tokens })
    },
    drop,
    candidates: (line) => {
      const found = new Set(always)
      for (const token of line) {
        if (outlines[outlineOf(token)] === 0) continue
        const kinds = byToken.get(token)
        if (kinds !== undefined) for (const kind of kinds) found.add(kind)
      }
      return found.size < 2 ? [...found] : [...found].toSorted((a, b) => places.get(a)!.order - places.get(b)!.order)
    },
  }
}

const LENGTHS = 32
const OUTLINES = 128 * LENGTHS

/** Of a token: its first letter and its length, as far as there is room. */
function outlineOf(token: string): number {
  return (token.charCodeAt(0) % 128) * LENGTHS + (token.length % LENGTHS)
}
