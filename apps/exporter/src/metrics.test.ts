import { type KindId, RunSettings } from '@toolwright/contracts'
import { openTestQueues, type TestQueues } from '@toolwright/queues/testing'
import { type Intent, type KeptReply, openKindIndex } from '@toolwright/registry'
import { openTestRegistry, type TestRegistry } from '@toolwright/registry/testing'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { exportMetrics } from './metrics.ts'
import { readState, type State } from './read-state.ts'

const RUN = 'r-aaaaaaaaaa'

let data: TestRegistry
let jobs: TestQueues

beforeEach(() => {
  data = openTestRegistry()
  jobs = openTestQueues()
})
afterEach(async () => {
  await data.close()
  await jobs.close()
})

/** What an exporter that has just started shows. */
async function scrape(): Promise<string[]> {
  const prometheus = new Registry()
  const services = { redis: data.redis, registry: data.registry, queues: jobs.queues, index: openKindIndex(data.registry.kinds) }
  exportMetrics(prometheus, () => readState(services))
  return (await prometheus.metrics()).split('\n')
}

async function settings(): Promise<void> {
  await data.registry.runs.open(RUN, RunSettings.parse({ v: 1 }), 'test')
}

function intent(field: string, more: Partial<Intent> = {}): Intent {
  return {
    run: RUN,
    field,
    kind: null,
    role: 'strong',
    purpose: 'answer',
    model: 'big',
    boundNano: 5_000,
    timeoutMs: 60_000,
    textBytes: 10,
    ...more,
  }
}

const REPLY: KeptReply = {
  v: 1,
  text: 'a',
  finish: 'stop',
  model: 'big "1"',
  tokens: { uncachedInput: 7, cacheRead: 5, cacheWrite: 3, output: 2 },
  costNano: 1_234_567_891,
  price: 'test',
  completion: null,
}

function answersOf(model: string): string {
  return `bucket="results",role="strong",model="${model}",purpose="answer",cause="normal"`
}

test('shows zeros in an empty space', async () => {
  const lines = await scrape()
  expect(lines).toContain('toolwright_requests_total{tier="extracted",outcome="answered"} 0')
  expect(lines).toContain('toolwright_requests_total{tier="none",outcome="failed"} 0')
  expect(lines).toContain('toolwright_makes_total{result="published"} 0')
  expect(lines).toContain('toolwright_kinds{state="merged"} 0')
  expect(lines).toContain('toolwright_queue_jobs{queue="results",state="waiting"} 0')
  expect(lines).toContain('toolwright_uncertain_dollars 0')
})

test('shows the ledger to the nano-dollar, and unknown prices as calls', async () => {
  const { money } = data.registry
  await money.settle(intent('1'), 1, REPLY)
  await money.settle(intent('2'), 1, { ...REPLY, costNano: 3 })
  await money.settle(intent('3'), 1, { ...REPLY, costNano: null, model: 'new' })
  await money.settle(intent('4'), 1, { ...REPLY, costNano: 0, model: 'free' })
  await money.settle(intent('5'), 1, { ...REPLY, costNano: 20, model: 'mixed' })
  await money.settle(intent('6'), 1, { ...REPLY, costNano: null, model: 'mixed' })
  const lines = await scrape()
  const priced = 'bucket="results",role="strong",model="big \\"1\\"",purpose="answer",cause="normal"'
  expect(lines).toContain(`toolwright_model_calls_total{${priced}} 2`)
  expect(lines).toContain(`toolwright_cost_dollars_total{${priced}} 1.234567894`)
  expect(lines).toContain(`toolwright_unpriced_calls_total{${priced}} 0`)
  expect(lines).toContain(`toolwright_cost_dollars_total{${answersOf('free')}} 0`)
  expect(lines).toContain(`toolwright_unpriced_calls_total{${answersOf('free')}} 0`)
  // Zero would be a claim.
  expect(lines.filter((line) => line.startsWith(`toolwright_cost_dollars_total{${answersOf('new')}`))).toEqual([])
  expect(lines).toContain(`toolwright_unpriced_calls_total{${answersOf('new')}} 1`)
  expect(lines).toContain(`toolwright_cost_dollars_total{${answersOf('mixed')}} 2e-8`)
  expect(lines).toContain(`toolwright_unpriced_calls_total{${answersOf('mixed')}} 1`)
  for (const [name, tokens] of Object.entries({ uncached_input: 14, cache_read: 10, cache_write: 6, output: 4 }))
    expect(lines).toContain(`toolwright_tokens_total{${priced},class="${name}"} ${tokens}`)
})

test('shows results, kinds, makes, waiting lines and uncertain calls', async () => {
  await settings()
  const { registry } = data
  const shared = { seq: 1, customId: 'line-1', kind: null, kindName: null, decidedBy: null, costNano: 0 }
  const answered = {
    ...shared,
    status: 'answered' as const,
    tier: 'extracted' as const,
    baseline: { costNano: 2_500_000_000, basis: 'measured' as const },
    tool: null,
    version: null,
    model: 'm',
    answer: 'a',
    completion: null,
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    correct: true,
  }
  const unknown = { costNano: null, basis: 'unknown' as const }
  await registry.totals.addResults(RUN, [{ ...answered, tier: 'direct', correct: false, baseline: unknown }])
  // Zero would be a claim.
  expect((await scrape()).filter((line) => line.startsWith('toolwright_baseline_dollars_total'))).toEqual([])
  await registry.totals.addResults(RUN, [
    answered,
    { ...shared, status: 'failed', baseline: answered.baseline, statusCode: 0, error: { code: 'x', message: 'y' } },
  ])
  const kind = await registry.kinds.named('sort', '', 'Sort b a')
  const other = await registry.kinds.named('count', '', 'Count b a')
  await registry.makes.begin(kind, 1, 60_000)
  await registry.makes.begin(other, 1, 60_000)
  const lines = Array.from({ length: 12 }, (_, seq) => ({ seq, customId: `line-${seq}`, text: 't', frame: '', hop: 0 }))
  await registry.kinds.place(kind, RUN, 'token', lines, 'wait')
  await registry.kinds.settle(kind, 1, { end: 'published', version: 1, tool: '{}' }, 5)
  await registry.money.begin(intent('lost', { timeoutMs: -2_000 }))
  await registry.money.begin(intent('under way'))

  const shown = await scrape()
  expect(shown).toEqual(
    expect.arrayContaining([
      'toolwright_requests_total{tier="extracted",outcome="answered"} 1',
      'toolwright_requests_total{tier="direct",outcome="answered"} 1',
      'toolwright_requests_total{tier="none",outcome="failed"} 1',
      'toolwright_checked_answers_total{result="correct"} 1',
      'toolwright_checked_answers_total{result="incorrect"} 1',
      'toolwright_baseline_dollars_total 5',
      'toolwright_baseline_requests_total{basis="unknown"} 1',
      'toolwright_kinds{state="tooled"} 1',
      'toolwright_kinds{state="gathering"} 1',
      'toolwright_tools{state="active"} 1',
      'toolwright_tools{state="retired"} 0',
      'toolwright_makes_under_way 1',
      'toolwright_makes_total{result="published"} 1',
      'toolwright_waiting_lines 2',
      'toolwright_uncertain_calls 1',
      'toolwright_uncertain_dollars 0.000005',
      'toolwright_runs{state="active"} 1',
      'toolwright_runs{state="halted"} 0',
    ]),
  )
})

test('shows calls that were never settled after their run has ended, and no dollars for those without a price', async () => {
  await settings()
  const { runs, money } = data.registry
  await money.begin(intent('lost', { timeoutMs: -2_000, boundNano: null }))
  await runs.finish(RUN, {})
  const unpriced = await scrape()
  expect(unpriced).toContain('toolwright_uncertain_calls 1')
  expect(unpriced).toContain('toolwright_uncertain_unpriced_calls 1')
  expect(unpriced.filter((line) => line.startsWith('toolwright_uncertain_dollars'))).toEqual([])
  await money.begin(intent('lost too', { timeoutMs: -2_000 }))
  expect(await scrape()).toContain('toolwright_uncertain_dollars 0.000005')
})

test('shows tool versions by what became of them, and for how long makes have been under way', async () => {
  const { kinds, makes } = data.registry
  const named = (name: string) => kinds.named(name, '', `${name} b a`)
  const publish = (kind: KindId, version: number) => kinds.settle(kind, version, { end: 'published', version, tool: '{}' })
  const [twice, demoted, disabled, merged, into] = await Promise.all(['a', 'b', 'c', 'd', 'e'].map(named))
  for (const kind of [twice!, demoted!, disabled!, merged!]) await publish(kind, 1)
  await publish(twice!, 2)
  for (let seq = 0; seq < 6; seq++) await kinds.noteCall(demoted!, 1, { run: RUN, seq }, true)
  await kinds.point(disabled!, 0, 'by hand')
  await kinds.merge(merged!, into!)
  await makes.begin(into!, 1, 60_000)
  await vi.waitFor(async () => expect(await makes.ageMs(into!, 1)).toBeGreaterThan(50))
  const lines = await scrape()
  expect(lines).toContain('toolwright_tools{state="active"} 1')
  expect(lines).toContain('toolwright_tools{state="demoted"} 1')
  expect(lines).toContain('toolwright_tools{state="retired"} 3')
  const age = Number(lines.find((text) => text.startsWith('toolwright_oldest_make_seconds '))?.split(' ')[1])
  expect(age).toBeGreaterThan(0.04)
  expect(age).toBeLessThan(10)
})

test('shows the jobs of every queue, and those of all active runs as one', async () => {
  await settings()
  const line = { seq: 1, customId: 'line-1', text: 't', frame: '', hop: 0 }
  const kind: KindId = 'k-sort-1a2b3c'
  await jobs.queues.add('requests', [{ id: 'requests-a', data: { v: 1, run: RUN, lines: [line] } }])
  await jobs.queues.add('maker', [{ id: 'make-a', data: { v: 1, run: RUN, kind, generation: 1 }, delayMs: 60_000 }])
  const failed = {
    status: 'failed',
    seq: 1,
    customId: 'line-1',
    kind: null,
    kindName: null,
    decidedBy: null,
    costNano: 0,
    baseline: { costNano: null, basis: 'unknown' },
    statusCode: 0,
    error: { code: 'x', message: 'y' },
  } as const
  await jobs.queues.add('results', [{ id: 'results-a', data: { v: 1, run: RUN, results: [failed] } }], RUN)
  const lines = await scrape()
  expect(lines).toContain('toolwright_queue_jobs{queue="requests",state="waiting"} 1')
  expect(lines).toContain('toolwright_queue_jobs{queue="maker",state="delayed"} 1')
  expect(lines).toContain('toolwright_queue_jobs{queue="results",state="waiting"} 1')
  expect(lines).toContain('toolwright_queue_workers{queue="requests"} 0')
  expect(lines.filter((text) => text.includes(RUN) || text.includes(kind))).toEqual([])
})

test('shows limits on cost and what of them is taken, dead letters, the age of the oldest job and the memory of Redis', async () => {
  await settings()
  const { registry, redis } = data
  await registry.money.setBudget(RUN, 5_000_000_000)
  const limited = { ...intent('1'), boundNano: 2_000_000_000, budgets: { dayNano: 9_000_000_000 } }
  await registry.money.begin(limited)
  await registry.money.settle(limited, 1, { ...REPLY, costNano: 2_500_000_000 })
  await registry.money.begin({ ...limited, field: '2', boundNano: 1_000_000_000 })
  const line = { seq: 3, customId: 'line-3', text: 'x', frame: '', hop: 0 }
  await registry.failures.keep(RUN, [line])
  await jobs.queues.add('requests', [{ id: 'requests-old', data: { v: 1, run: RUN, lines: [line] } }])
  const lines = await scrape()
  for (const scope of ['day', 'runs']) {
    expect(lines).toContain(`toolwright_budget_limit_dollars{scope="${scope}"} ${scope === 'day' ? 9 : 5}`)
    expect(lines).toContain(`toolwright_budget_spent_dollars{scope="${scope}"} 2.5`)
    expect(lines).toContain(`toolwright_budget_reserved_dollars{scope="${scope}"} 1`)
  }
  expect(lines).toContain('toolwright_overrun_dollars_total 0.5')
  expect(lines).toContain('toolwright_dead_letters 1')
  const value = (name: string) => Number(lines.find((text) => text.startsWith(`${name} `))?.split(' ')[1])
  const used = value('toolwright_redis_memory_used_bytes')
  expect(used).toBeGreaterThan(500_000)
  expect(Math.abs(used - Number(/used_memory:(\d+)/.exec(await redis.info('memory'))![1]))).toBeLessThan(used / 2)
  expect(value('toolwright_queue_oldest_job_seconds{queue="requests"}')).toBeGreaterThan(0)
  expect(value('toolwright_queue_oldest_job_seconds{queue="user"}')).toBe(0)
})

test('does not show a limit that Redis does not have, and shows it once it has one', async () => {
  const services = { redis: data.redis, registry: data.registry, queues: jobs.queues, index: openKindIndex(data.registry.kinds) }
  const state = await readState(services)
  const read = vi.fn<() => Promise<State>>().mockResolvedValue({ ...state, redisMemory: { usedBytes: 1_000, limitBytes: 0 } })
  const prometheus = new Registry()
  exportMetrics(prometheus, read)
  expect(await prometheus.metrics()).not.toMatch(/^toolwright_redis_memory_limit_bytes/m)
  read.mockResolvedValue({ ...state, redisMemory: { usedBytes: 1_000, limitBytes: 4_000 } })
  expect(await prometheus.metrics()).toMatch(/^toolwright_redis_memory_limit_bytes 4000$/m)
  read.mockResolvedValue({ ...state, redisMemory: { usedBytes: 1_000, limitBytes: 0 } })
  expect(await prometheus.metrics()).not.toMatch(/^toolwright_redis_memory_limit_bytes/m)
})

test('reads the state once for all metrics of a scrape, and never serves half of one', async () => {
  const services = { redis: data.redis, registry: data.registry, queues: jobs.queues, index: openKindIndex(data.registry.kinds) }
  const state = await readState(services)
  const read = vi.fn<() => Promise<State>>(async () => state)
  const prometheus = new Registry()
  exportMetrics(prometheus, read)
  await prometheus.metrics()
  await prometheus.metrics()
  expect(read).toHaveBeenCalledTimes(2)
  read.mockRejectedValueOnce(new Error('no Redis'))
  await expect(prometheus.metrics()).rejects.toThrow('no Redis')
  await expect(prometheus.metrics()).resolves.toContain('toolwright_tools{state="active"} 0')
})
