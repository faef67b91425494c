import { Gauge, type Registry } from 'prom-client'

/** How far a run's client is behind. */
export interface RunLag {
  /** Lines: read and not in the queues yet; in the queues, without a result; with a result that waits for those of earlier lines. */
  unsent: number
  unanswered: number
  early: number
  /** How long the oldest of the unsent lines has waited. */
  unsentSeconds: number
}

/** Shows how far the client is behind, once it is told whom to ask. */
export function openRunMetrics(registry: Registry): (lag: () => RunLag) => void {
  let ask = nothing
  const lines = new Gauge({
    name: 'toolwright_run_lines',
    help: 'Lines that the client of a run has read and not written, by where they are: unsent, unanswered, or early (their result waits for those of earlier lines)',
    labelNames: ['state'],
    registers: [registry],
    collect: () => {
      const { unsent, unanswered, early } = ask()
      for (const [state, count] of Object.entries({ unsent, unanswered, early })) lines.set({ state }, count)
    },
  })
  const lag = new Gauge({
    name: 'toolwright_ingest_lag_seconds',
    help: 'How long the oldest line that the client of a run has read waits to get into the queues; 0 where none waits',
    registers: [registry],
    collect: () => {
      lag.set(ask().unsentSeconds)
    },
  })
  return (lagNow) => {
    ask = lagNow
  }
}

function nothing(): RunLag {
  return { unsent: 0, unanswered: 0, early: 0, unsentSeconds: 0 }
}
