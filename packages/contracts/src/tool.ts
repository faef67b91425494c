import { z } from 'zod'
import { KindId } from './ids.ts'

export const TierName = z.enum(['extracted', 'called', 'direct'])
export type TierName = z.infer<typeof TierName>

/** A request of a kind with an answer that is trusted. */
export const Example = z.object({
  v: z.literal(1),
  text: z.string(),
  answer: z.string(),
  source: z.enum(['given', 'agreed', 'tools']),
  votes: z.int().nonnegative(),
  /** Set on lines that a tool version's `extract` refused: they start a new make. */
  refusedBy: z.int().positive().optional(),
  run: z.string(),
  at: z.int().nonnegative(),
})
export type Example = z.infer<typeof Example>

/** A tool's parameters: an object schema within what providers accept for strict structured output. */
export const ParameterSchema = z.record(z.string(), z.unknown())
export type ParameterSchema = z.infer<typeof ParameterSchema>

export const Evidence = z.object({
  proposedFrom: z.int().nonnegative(),
  heldBack: z.int().nonnegative(),
  extractedRight: z.int().nonnegative(),
  calledRight: z.int().nonnegative(),
  foreignTexts: z.int().nonnegative(),
  foreignAccepted: z.int().nonnegative(),
  mutants: z.int().nonnegative(),
  mutantsSurvived: z.int().nonnegative(),
  candidates: z.int().positive(),
  repairs: z.int().nonnegative(),
})
export type Evidence = z.infer<typeof Evidence>

/**
 * One published version of a tool; the kind's pointer says which version serves. Its source never changes. When a run is forgotten, the usage examples that came from
 * it go, and without any left the `called` tier is off.
 */
export const Tool = z.object({
  v: z.literal(1),
  kind: KindId,
  version: z.int().positive(),
  /** Hex SHA-256 of `source`. */
  sha256: z.string(),
  source: z.string(),
  schema: ParameterSchema,
  tiers: z.object({ extracted: z.boolean(), called: z.boolean() }),
  /** Parameters whose value stood word for word in the text in every verified call. */
  verbatim: z.array(z.string()),
  /** Verified calls, for the tool user's prompt; `run`: which run the text came from, '' where that is not known. */
  usage: z.array(z.object({ text: z.string(), arguments: z.string(), run: z.string().default('') })),
  /** The runs from whose examples it was made. */
  runs: z.array(z.string()).default([]),
  evidence: Evidence,
  model: z.string(),
  generation: z.int().positive(),
  /** What the make cost, integer nano-dollars; null where a price was unknown. */
  costNano: z.int().nonnegative().nullable(),
  at: z.int().nonnegative(),
})
export type Tool = z.infer<typeof Tool>
