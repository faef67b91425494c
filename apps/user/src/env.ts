import { commonEnvironment, modelEnvironment, parseEnvironment } from '@toolwright/runtime'
import { z } from 'zod'

const UserEnvironment = z.object({
  ...commonEnvironment,
  ...modelEnvironment,
  /** Jobs of the `user` queue, and as many of `direct`, at the same time: they wait for models and children, not for this processor. */
  concurrency: z.coerce.number('expected a whole number').int().min(1).max(1_000).default(20),
  /** For one model call, in milliseconds. */
  modelTimeoutMs: z.coerce.number('expected milliseconds').int().min(100).default(120_000),
})
export type UserEnvironment = z.infer<typeof UserEnvironment>

export function readEnvironment(): UserEnvironment {
  return parseEnvironment(UserEnvironment, process.env)
}
