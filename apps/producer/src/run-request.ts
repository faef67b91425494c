import { RunId, RunSettings } from '@toolwright/contracts'
import { z } from 'zod'

/** What the command line asks of one run. */
export const RunRequest = z.object({
  /** A path, or `-` for standard input. */
  input: z.string(),
  /** A path, or null for standard output. */
  output: z.string().nullable(),
  errors: z.string().nullable(),
  run: RunId,
  /** Read at most this many requests, or null for all. */
  limit: z.int().positive().nullable(),
  settings: RunSettings,
  /** Print the summary as JSON. */
  json: z.boolean(),
})
export type RunRequest = z.infer<typeof RunRequest>
