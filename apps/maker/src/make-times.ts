import { Histogram, type Registry } from 'prom-client'
import type { Services } from './services.ts'

/** Measures how long makes take that this process ends, whichever others had a part in them. */
export function openMakeTimes(registry: Registry): Services['observeMake'] {
  const times = new Histogram({
    name: 'toolwright_make_seconds',
    help: 'Time from when a make began, or went on after a rest, to its end, gathering included',
    labelNames: ['result'],
    buckets: [1, 5, 15, 30, 60, 120, 300, 900],
    registers: [registry],
  })
  // Zeros, so that a first one is an increase.
  for (const result of ['published', 'declined', 'unworthy'] as const) times.zero({ result })
  return (result, seconds) => times.observe({ result }, seconds)
}
