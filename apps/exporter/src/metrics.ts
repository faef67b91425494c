import { TierName } from '@toolwright/contracts'
import type { Sums } from '@toolwright/registry'
import { Counter, Gauge, type Registry } from 'prom-client'
import { createModelBound } from './bound-models.ts'
import type { State } from './read-state.ts'

interface Sample {
  labels: Record<string, string>
  value: number
}

interface Metric {
  name: string
  type: 'counter' | 'gauge'
  help: string
  labels: string[]
  samples(state: State): Sample[]
}

const SPEND_LABELS = ['bucket', 'role', 'model', 'purpose', 'cause']

/** What the exporter shows, and the table of `infra/METRICS.md` with it. */
export const METRICS: readonly Metric[] = [
  {
    name: 'toolwright_requests_total',
    type: 'counter',
    help: 'Results written, by how the request was answered; tier "none" where it was not',
    labels: ['tier', 'outcome'],
    samples: ({ totals }) => [
      ...TierName.options.map((tier) => ({ labels: { tier, outcome: 'answered' }, value: totals[`answered:${tier}`] ?? 0 })),
      { labels: { tier: 'none', outcome: 'failed' }, value: totals['failed'] ?? 0 },
    ],
  },
  {
    name: 'toolwright_checked_answers_total',
    type: 'counter',
    help: 'Answers to requests that came with a target, by whether they are equal to it',
    labels: ['result'],
    samples: ({ totals }) => ['correct', 'incorrect'].map((result) => ({ labels: { result }, value: totals[result] ?? 0 })),
  },
  {
    name: 'toolwright_model_calls_total',
    type: 'counter',
    help: 'Model calls in the ledger',
    labels: SPEND_LABELS,
    samples: ({ spend }) => spend.map((sums) => ({ labels: spendLabels(sums), value: sums.calls })),
  },
  {
    name: 'toolwright_tokens_total',
    type: 'counter',
    help: 'Tokens in the ledger, in classes that do not overlap',
    labels: [...SPEND_LABELS, 'class'],
    samples: ({ spend }) =>
      spend.flatMap((sums) => {
        const { uncachedInput, cacheRead, cacheWrite, output } = sums.tokens
        const classes = { uncached_input: uncachedInput, cache_read: cacheRead, cache_write: cacheWrite, output }
        return Object.entries(classes).map(([name, value]) => ({ labels: { ...spendLabels(sums), class: name }, value }))
      }),
  },
  {
    name: 'toolwright_cost_dollars_total',
    type: 'counter',
    help: 'Cost in the ledger, US dollars; calls without a known price are not in it, and absent where no call has one',
    labels: SPEND_LABELS,
    // 0 would be a claim.
    samples: ({ spend }) =>
      spend.filter(({ calls, unpriced }) => calls > unpriced).map((sums) => ({ labels: spendLabels(sums), value: dollars(sums.costNano) })),
  },
  {
    name: 'toolwright_unpriced_calls_total',
    type: 'counter',
    help: 'Model calls in the ledger whose price is unknown',
    labels: SPEND_LABELS,
    samples: ({ spend }) => spend.map((sums) => ({ labels: spendLabels(sums), value: sums.unpriced })),
  },
  {
    name: 'toolwright_baseline_dollars_total',
    type: 'counter',
    help: 'Estimate of what the written results would have cost, each answered by the strong model directly, US dollars; unknown ones are not in it, and absent where none is known',
    labels: [],
    samples: ({ totals }) => {
      const isKnown = (totals['baseline:measured'] ?? 0) + (totals['baseline:assumed'] ?? 0) > 0
      return !isKnown && (totals['baseline:unknown'] ?? 0) > 0 ? [] : [{ labels: {}, value: dollars(totals['baselineNano'] ?? 0) }]
    },
  },
  {
    name: 'toolwright_baseline_requests_total',
    type: 'counter',
    help: 'Results written, by what their baseline rests on',
    labels: ['basis'],
    samples: ({ totals }) =>
      ['measured', 'assumed', 'unknown'].map((basis) => ({ labels: { basis }, value: totals[`baseline:${basis}`] ?? 0 })),
  },
  {
    name: 'toolwright_uncertain_calls',
    type: 'gauge',
    help: 'Model calls that are unsettled past their time-out, and may have been billed; of all runs, until a week after the end of theirs',
    labels: [],
    samples: ({ uncertain }) => [{ labels: {}, value: uncertain.calls }],
  },
  {
    name: 'toolwright_uncertain_dollars',
    type: 'gauge',
    help: 'The most that the uncertain calls can have cost, US dollars; calls without a known price are not in it, and absent where none has one',
    labels: [],
    samples: ({ uncertain: { calls, unpriced, boundNano } }) =>
      unpriced > 0 && unpriced === calls ? [] : [{ labels: {}, value: dollars(boundNano) }],
  },
  {
    name: 'toolwright_uncertain_unpriced_calls',
    type: 'gauge',
    help: 'Uncertain model calls whose price is unknown',
    labels: [],
    samples: ({ uncertain }) => [{ labels: {}, value: uncertain.unpriced }],
  },
  {
    name: 'toolwright_budget_limit_dollars',
    type: 'gauge',
    help: 'What may be spent, US dollars: in a day (UTC), as whoever last paid holds to it, and by all active runs that have a limit together; absent where there is none',
    labels: ['scope'],
    samples: ({ budgets }) =>
      budgetScopes(budgets).flatMap(([scope, { limitNano }]) =>
        limitNano === null ? [] : [{ labels: { scope }, value: dollars(limitNano) }],
      ),
  },
  {
    name: 'toolwright_budget_spent_dollars',
    type: 'gauge',
    help: 'What of it is spent, US dollars: today (UTC), and by those runs; a call that does not say what it used counts at its bound, and one without a known price is not in it',
    labels: ['scope'],
    samples: ({ budgets }) => budgetScopes(budgets).map(([scope, { spentNano }]) => ({ labels: { scope }, value: dollars(spentNano) })),
  },
  {
    name: 'toolwright_budget_reserved_dollars',
    type: 'gauge',
    help: 'The most that calls under way, and those that were never settled, can cost, US dollars',
    labels: ['scope'],
    samples: ({ budgets }) =>
      budgetScopes(budgets).map(([scope, { reservedNano }]) => ({ labels: { scope }, value: dollars(reservedNano) })),
  },
  {
    name: 'toolwright_overrun_dollars_total',
    type: 'counter',
    help: 'Billed beyond what calls had been asked to cost at most, US dollars',
    labels: [],
    samples: ({ budgets }) => [{ labels: {}, value: dollars(budgets.day.overrunNano) }],
  },
  {
    name: 'toolwright_runs',
    type: 'gauge',
    help: 'Runs that are not done; halted ones cannot pay for calls until somebody mends something',
    labels: ['state'],
    samples: ({ runs }) => [
      { labels: { state: 'active' }, value: runs.active - runs.halted },
      { labels: { state: 'halted' }, value: runs.halted },
    ],
  },
  {
    name: 'toolwright_kinds',
    type: 'gauge',
    help: 'Kinds of request, by state',
    labels: ['state'],
    samples: ({ kinds }) => Object.entries(kinds).map(([state, value]) => ({ labels: { state }, value })),
  },
  {
    name: 'toolwright_tools',
    type: 'gauge',
    help: 'Tool versions, by state: active ones serve, demoted ones failed too often, retired ones gave way to another, were disabled, or went with a merge',
    labels: ['state'],
    samples: ({ tools }) => Object.entries(tools).map(([state, value]) => ({ labels: { state }, value })),
  },
  {
    name: 'toolwright_makes_total',
    type: 'counter',
    help: 'Makes that ended, by how',
    labels: ['result'],
    samples: ({ makes }) =>
      (['published', 'declined', 'unworthy'] as const).map((result) => ({ labels: { result }, value: makes[result] })),
  },
  {
    name: 'toolwright_makes_under_way',
    type: 'gauge',
    help: 'Makes that have begun and not ended, those that gather among them; not those that rest until somebody needs the tool, or can pay',
    labels: [],
    samples: ({ makeAgesMs }) => [{ labels: {}, value: makeAgesMs.length }],
  },
  {
    name: 'toolwright_oldest_make_seconds',
    type: 'gauge',
    help: 'How long the oldest make that is under way has been, since it began or went on after a rest; 0 where none is',
    labels: [],
    samples: ({ makeAgesMs }) => [{ labels: {}, value: Math.max(0, ...makeAgesMs) / 1000 }],
  },
  {
    name: 'toolwright_waiting_lines',
    type: 'gauge',
    help: 'Requests that wait for a tool to be made',
    labels: [],
    samples: ({ waitingLines }) => [{ labels: {}, value: waitingLines }],
  },
  {
    name: 'toolwright_queue_jobs',
    type: 'gauge',
    help: 'Jobs in a queue, by state; "results" is the queues of all active runs together',
    labels: ['queue', 'state'],
    samples: ({ queues }) =>
      queues.flatMap(({ queue, depth }) =>
        Object.entries({
          waiting: depth.waiting,
          active: depth.active,
          delayed: depth.delayed,
          failed: depth.failed,
          waiting_children: depth.waitingChildren,
        }).map(([state, value]) => ({ labels: { queue, state }, value })),
      ),
  },
  {
    name: 'toolwright_queue_oldest_job_seconds',
    type: 'gauge',
    help: 'How long the oldest job that waits for a worker has been in its queue; 0 where none waits',
    labels: ['queue'],
    samples: ({ queues }) => queues.map(({ queue, oldestMs }) => ({ labels: { queue }, value: (oldestMs ?? 0) / 1000 })),
  },
  {
    name: 'toolwright_dead_letters',
    type: 'gauge',
    help: 'Requests that failed for good and are kept, so that they can be tried again',
    labels: [],
    samples: ({ deadLetters }) => [{ labels: {}, value: deadLetters }],
  },
  {
    name: 'toolwright_redis_memory_used_bytes',
    type: 'gauge',
    help: 'Memory that Redis uses, over all its servers',
    labels: [],
    samples: ({ redisMemory }) => [{ labels: {}, value: redisMemory.usedBytes }],
  },
  {
    name: 'toolwright_redis_memory_limit_bytes',
    type: 'gauge',
    help: 'Memory that Redis may use (maxmemory), over all its servers; absent where one has no limit',
    labels: [],
    samples: ({ redisMemory }) => (redisMemory.limitBytes === 0 ? [] : [{ labels: {}, value: redisMemory.limitBytes }]),
  },
  {
    name: 'toolwright_queue_workers',
    type: 'gauge',
    help: 'Live workers that serve a queue, over all machines',
    labels: ['queue'],
    samples: ({ queues }) => queues.map(({ queue, workers }) => ({ labels: { queue }, value: workers })),
  },
]

function budgetScopes({ day, runs }: State['budgets']): ['day' | 'runs', State['budgets']['day']][] {
  return [
    ['day', day],
    ['runs', runs],
  ]
}

/** Prometheus gives up after 10 s by default; it must hear of a Redis that is away before that. */
const READ_TIMEOUT_MS = 5_000

/** Registers all of them; each scrape reads the state once, and fails when Redis does not answer within 5 s. */
export function exportMetrics(registry: Registry, read: () => Promise<State>): void {
  const bound = createModelBound()
  const state = onceAtATime(async () => {
    const found = await read()
    return { ...found, spend: bound(found.spend) }
  })
  for (const metric of METRICS) {
    const { name, help, labels } = metric
    if (metric.type === 'gauge') {
      const gauge = new Gauge({
        name,
        help,
        labelNames: labels,
        registers: [registry],
        async collect() {
          const samples = metric.samples(await state())
          gauge.reset()
          // Reset, one without labels is 0, which would be a claim.
          if (samples.length === 0) gauge.remove({})
          for (const sample of samples) gauge.set(sample.labels, sample.value)
        },
      })
    } else {
      // A counter only knows how to grow: it is set to what Redis has counted by beginning again.
      const counter = new Counter({
        name,
        help,
        labelNames: labels,
        registers: [registry],
        async collect() {
          const samples = metric.samples(await state())
          counter.reset()
          if (samples.length === 0) counter.remove({})
          for (const sample of samples) counter.inc(sample.labels, sample.value)
        },
      })
    }
  }
}

/** One reading serves all metrics of a scrape, and scrapes that come while it is under way: they must not pile up in front of a Redis that is away. */
function onceAtATime(read: () => Promise<State>): () => Promise<State> {
  let reading: Promise<State> | undefined
  return async () => {
    reading ??= read().finally(() => {
      reading = undefined
    })
    let timer: NodeJS.Timeout | undefined
    const tooLate = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`Redis did not answer within ${READ_TIMEOUT_MS} ms`)), READ_TIMEOUT_MS)
    })
    try {
      return await Promise.race([reading, tooLate])
    } finally {
      clearTimeout(timer)
    }
  }
}

function spendLabels({ bucket, role, model, purpose, cause }: Sums): Record<string, string> {
  return { bucket, role, model, purpose, cause }
}

/** The nearest double to the exact sum: times 10⁹ and rounded it is the integer of nano-dollars again, up to nine million dollars. */
function dollars(nano: number): number {
  return nano / 1e9
}
