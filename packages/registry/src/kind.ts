import { type KindId, Line } from '@toolwright/contracts'
import { z } from 'zod'

/** Lines of a kind that may go direct, in flight or done, before its make is settled. */
export const MAX_GATHERING = 10
/** As far as that counter is raised, one for one, where answers did not become examples. */
export const MAX_GATHERING_RAISED = 20
/** Examples that start a make: 3 to propose from, 3 held back (LATM, arXiv 2305.17126, section 3.1). */
export const EXAMPLES_FOR_MAKE = 6
/** Refused lines with a trusted answer that start a new make. */
export const REFUSED_FOR_MAKE = 6

/**
 * nursery: one or two texts, no kind yet. gathering: examples are collected, a make is due. tooled: a tool serves. declined: no tool could be made, or the
 * nursery was full. unworthy: a tool would not pay yet. demoted: the tool failed too often.
 */
export const KindState = z.enum(['nursery', 'gathering', 'tooled', 'declined', 'unworthy', 'demoted'])
export type KindState = z.infer<typeof KindState>

/** How a kind's lines read: templates in use, and texts that belong to the kind but fit none of them yet. */
export const Reading = z.object({
  templates: z.array(z.object({ tokens: z.array(z.string().nullable()), lines: z.int() })),
  pending: z.array(z.string()),
  /** A few texts, to show to the judge. */
  samples: z.array(z.string()),
  members: z.int().nonnegative(),
  /** For kinds nearly without words: every token that their lines have used so far, and how many lines in a row brought no new one. Null for the others. */
  vocabulary: z
    .object({ tokens: z.array(z.string()), steadyLines: z.int().nonnegative() })
    .nullable()
    .default(null),
  /** Hash of a text → the run it came from, for the samples and the pending ones. */
  origins: z.record(z.string(), z.string()).default({}),
})
export type Reading = z.infer<typeof Reading>

export interface Kind {
  id: KindId
  label: string
  /** The name the user gave, or ''. */
  name: string
  frame: string
  state: KindState
  /** The version that serves, 0 for none. */
  version: number
  /** How many versions were ever published. */
  versions: number
  /** Which make is due or under way. */
  generation: number
  seen: number
  /** Lines let through to gather, of at most `allowed`. */
  started: number
  allowed: number
  cooldownUntil: number
  failures: number
  /** The kind that this one was merged into, or ''. */
  alias: string
  reason: string
  rev: number
  reading: Reading
}

/** Where lines of one kind go. `gone`: the kind made room in the nursery, or was forgotten. `gather`: direct, as examples of the kind. Indexes are into the lines that were placed. */
export type Placement =
  | { go: 'tool'; version: number }
  | { go: 'alias'; kind: KindId }
  | { go: 'gone' }
  | { go: 'split'; gather: number[]; direct: number[]; waiting: number; generation: number; makes: boolean }

export const WaitingLine = z.object({ run: z.string(), line: Line })
export type WaitingLine = z.infer<typeof WaitingLine>

/** A waiting line as it is stored, by which it can be taken away. */
export type PeekedLine = WaitingLine & { stored: string }

export type MakeEnd =
  | { end: 'published'; version: number; tool: string }
  | { end: 'declined'; reason: string; cooldownMs: number }
  /** What stands in its way has nothing to do with the kind: lines go direct for a while, always as long, and then the same make goes on. */
  | { end: 'put-off'; reason: string; cooldownMs: number }
  | { end: 'unworthy'; worthAt: number }

/** What a kind without a name is called: the beginning of its first text. */
export function labelOf(text: string): string {
  return text.replaceAll(/\s+/g, ' ').slice(0, 60)
}

// Lua writes an empty list as an empty object.
const Indexes = z.union([z.array(z.int()), z.object({}).transform((): number[] => [])])
/** A placement as Lua writes it. */
export const PlacementText = z.discriminatedUnion('go', [
  z.object({ go: z.literal('tool'), version: z.int() }),
  z.object({ go: z.literal('alias'), kind: z.string() }),
  z.object({ go: z.literal('gone') }),
  z.object({ go: z.literal('split'), gather: Indexes, direct: Indexes, waiting: z.int(), generation: z.int(), makes: z.boolean() }),
])

/** A kind's record, from the fields of its hash. */
export function parseKind(hash: Record<string, string>): Kind {
  const value = (field: string) => Number(hash[field] ?? 0)
  return {
    id: hash['id']!,
    label: hash['label'] ?? '',
    name: hash['name'] ?? '',
    frame: hash['frame'] ?? '',
    state: KindState.parse(hash['state']),
    version: value('version'),
    versions: value('versions'),
    generation: value('generation'),
    seen: value('seen'),
    started: value('started'),
    allowed: value('allowed'),
    cooldownUntil: value('cooldownUntil'),
    failures: value('failures'),
    alias: hash['alias'] ?? '',
    reason: hash['reason'] ?? '',
    rev: value('rev'),
    reading: Reading.parse(JSON.parse(hash['reading'] ?? '{"templates":[],"pending":[],"samples":[],"members":0,"vocabulary":null}')),
  }
}
