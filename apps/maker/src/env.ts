import { commonEnvironment, modelEnvironment, parseEnvironment } from '@toolwright/runtime'
import { z } from 'zod'

const MakerEnvironment = z.object({
  ...commonEnvironment,
  ...modelEnvironment,
  /** Makes at the same time: they wait for models and children, not for this processor. */
  concurrency: z.coerce.number('expected a whole number').int().min(1).max(1_000).default(20),
  /** For one model call, in milliseconds: a proposal is long. */
  modelTimeoutMs: z.coerce.number('expected milliseconds').int().min(100).default(300_000),
  /** How long examples are kept: they are users' requests. */
  exampleDays: z.coerce.number('expected a number of days').min(1).max(36_500).default(30),
  /** How long a run is kept that was interrupted and that nobody has come back to; what its lines have come to is kept for no longer than 30 days. */
  runDays: z.coerce.number('expected a number of days').min(1).max(30).default(30),
})
export type MakerEnvironment = z.infer<typeof MakerEnvironment>

export function readEnvironment(): MakerEnvironment {
  return parseEnvironment(MakerEnvironment, process.env)
}
