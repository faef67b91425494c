import { z } from 'zod'
import { KindId } from './ids.ts'

/** The largest input line that is read, in bytes of UTF-8; a longer one becomes an error line. */
export const MAX_LINE_BYTES = 1_000_000

/** What one job may carry: lines, and bytes of their texts and bodies. */
export const MAX_BATCH_LINES = 256
export const MAX_BATCH_BYTES = 256_000

/**
 * One request inside Toolwright. It is always (run, seq); `customId` is only echoed.
 * `frame` is the hash of all that shapes the answer besides the text ('' where there is nothing); the frame itself is kept in the registry.
 * A line with `body` cannot go to a tool (n > 1, tools, images, audio, …): it is answered directly with that body.
 */
export const Line = z.object({
  seq: z.int().nonnegative(),
  customId: z.string(),
  text: z.string(),
  frame: z.string().default(''),
  body: z.record(z.string(), z.unknown()).optional(),
  target: z.string().optional(),
  /** The kind's name, as the user gave it. */
  kindName: z.string().optional(),
  /** The kind, once something has decided it. */
  kind: KindId.optional(),
  decidedBy: z.enum(['name', 'template', 'decision', 'judge', 'nursery']).optional(),
  /** Other kinds whose templates fit this line too, or that the judge was shown or would be: their extractors must refuse it. */
  rivals: z.array(KindId).optional(),
  /** What earlier stages spent on the line's answer, where they did not get one. */
  spent: z
    .object({ costNano: z.int().nonnegative().nullable(), promptTokens: z.int().nonnegative(), outputTokens: z.int().nonnegative() })
    .optional(),
  /** While the line waits for a tool, the W3C traceparent of the batch that it came in, where traces are on. */
  trace: z.string().optional(),
  /** How many times the line has been handed to another job. */
  hop: z.int().nonnegative().default(0),
})
export type Line = z.infer<typeof Line>

/** Everything that shapes an answer besides the last user message. */
export const Frame = z.object({
  messages: z.array(z.record(z.string(), z.unknown())),
  response_format: z.unknown().optional(),
  stop: z.unknown().optional(),
})
export type Frame = z.infer<typeof Frame>
