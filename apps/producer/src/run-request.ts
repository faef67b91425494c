import { RunId, RunSettings } from '@toolwright/contracts'
import { z } from 'zod'

/** What the command line asks of one run. */
export const RunRequest = z.object({
  /** A path, or `-` for standard input. */
  input: z.string(),
  /** A run whose failed requests are the input, in the place of standard input; or null. */
  retries: RunId.nullable().default(null),
  /** False: only what is answered already is delivered, and what was cancelled is wound up. */
  readsOn: z.boolean().default(true),
  /** A path, or null for standard output. */
  output: z.string().nullable(),
  errors: z.string().nullable(),
  run: RunId,
  /** Read at most this many requests, or null for all. */
  limit: z.int().positive().nullable(),
  /** Of a run that goes on, those that it was begun with hold. */
  settings: RunSettings,
  /** What the run may cost in all, nano-dollars; null: without limit; undefined: as before. */
  maxCostNano: z.int().nonnegative().nullable().optional(),
  /** Print the summary as JSON. */
  json: z.boolean(),
  /** How long an interrupted run waits for what is under way. */
  graceMs: z.int().nonnegative().default(10_000),
})
export type RunRequest = z.infer<typeof RunRequest>
