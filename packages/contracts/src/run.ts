import { z } from 'zod'

/** What a run is asked to do; travels in the run's record, so that every process acts alike. */
export const RunSettings = z.object({
  v: z.literal(1),
  whileMaking: z.enum(['wait', 'direct']).default('wait'),
  make: z.enum(['worth', 'eager']).default('worth'),
  /** Equal answers that make an example. */
  votes: z.int().min(2).max(5).default(2),
  /** How long a kind's waiting lines may wait for gathering and making, in milliseconds. */
  makeDeadlineMs: z.int().positive().default(120_000),
  /** Result lines in the order of the input. */
  ordered: z.boolean().default(false),
  /** Requests that are the same are answered once. */
  dedupe: z.boolean().default(false),
})
export type RunSettings = z.infer<typeof RunSettings>
