import { commonEnvironment, parseEnvironment } from '@toolwright/runtime'
import { z } from 'zod'

const ProducerEnvironment = z.object({
  ...commonEnvironment,
  /** Jobs of the `requests` queue at the same time. */
  concurrency: z.coerce.number('expected a whole number').int().min(1).max(1_000).default(48),
  noColor: z.string().optional().meta({ variable: 'NO_COLOR' }),
  term: z.string().optional().meta({ variable: 'TERM' }),
})
export type ProducerEnvironment = z.infer<typeof ProducerEnvironment>

export function readEnvironment(): ProducerEnvironment {
  return parseEnvironment(ProducerEnvironment, process.env)
}
