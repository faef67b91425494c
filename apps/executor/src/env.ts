import { commonEnvironment, parseEnvironment } from '@toolwright/runtime'
import { z } from 'zod'

const ExecutorEnvironment = z.object({
  ...commonEnvironment,
  /** Batches at the same time: one for each child process that serves. */
  concurrency: z.coerce.number('expected a whole number').int().min(1).max(64).default(1),
})
export type ExecutorEnvironment = z.infer<typeof ExecutorEnvironment>

export function readEnvironment(): ExecutorEnvironment {
  return parseEnvironment(ExecutorEnvironment, process.env)
}
