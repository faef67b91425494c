import { z } from 'zod'
import { KindId } from './ids.ts'
import { TierName } from './tool.ts'

/** What stands for the model's name where no model answered. */
export const EXTRACTED_MODEL = 'toolwright/extracted'

export const Usage = z.object({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() })
export type Usage = z.infer<typeof Usage>

/** What a baseline rests on: `measured`, the kind's own paid direct calls; `assumed`, all kinds'; `unknown`, none yet or no price. */
export const Baseline = z.object({
  costNano: z.int().nonnegative().nullable(),
  basis: z.enum(['measured', 'assumed', 'unknown']),
})
export type Baseline = z.infer<typeof Baseline>

const Common = {
  seq: z.int().nonnegative(),
  customId: z.string(),
  kind: KindId.nullable(),
  kindName: z.string().nullable(),
  decidedBy: z.string().nullable(),
  /** What this line's own model calls cost (bucket `results`), integer nano-dollars; null where a price is unknown. */
  costNano: z.int().nonnegative().nullable(),
  baseline: Baseline,
  /** The custom id of the request that was answered in the place of this one, which is the same. */
  duplicateOf: z.string().optional(),
}

/** One line's end. Every line of a run has exactly one. */
export const LineResult = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('answered'),
    ...Common,
    tier: TierName,
    tool: z.string().nullable(),
    version: z.int().positive().nullable(),
    model: z.string(),
    answer: z.string(),
    /** The provider's whole chat completion, where the body was sent on unchanged; else null and one is made from `answer`. */
    completion: z.record(z.string(), z.unknown()).nullable(),
    /** What the line's own calls used; null where an endpoint did not report it. */
    usage: Usage.nullable(),
    correct: z.boolean().nullable(),
  }),
  z.object({
    status: z.literal('failed'),
    ...Common,
    /** 0: not executed (a bad line, a dead letter). */
    statusCode: z.int().nonnegative(),
    error: z.object({ code: z.string(), message: z.string() }),
  }),
])
export type LineResult = z.infer<typeof LineResult>
