import { seededRandom } from '@toolwright/families'
import type { Contestant, ContestantName } from './contestants.ts'
import type { SampleTool } from './sample-tools.ts'
import { median, percentile } from './statistics.ts'

export const BATCH_CALLS = 64

/** How many crossings a round times, for each tool. */
const CROSSINGS: Record<ContestantName, { singles: number; batches: number }> = {
  sandbox: { singles: 60, batches: 16 },
  warm: { singles: 200, batches: 16 },
  // A process for each call: 64 of them take 64 times as long as one.
  fresh: { singles: 6, batches: 0 },
}
const WARM_UPS = 4

/** One crossing. */
export interface Timing {
  contestant: ContestantName
  tool: string
  round: number
  calls: number
  ms: number
}

/** One round: each contestant runs each tool, one call at a time and in batches, on the same requests. Throws where an answer is not right. */
export async function timeRound(
  contestants: readonly Contestant[],
  tools: readonly SampleTool[],
  round: number,
  signal: AbortSignal,
): Promise<Timing[]> {
  const timings: Timing[] = []
  for (const tool of tools) {
    // Whoever is first in one round is last in another.
    const order = contestants.map((_, at) => contestants[(at + round) % contestants.length]!)
    for (const contestant of order) {
      const { singles, batches } = CROSSINGS[contestant.name]
      for (let crossing = 0; crossing < singles + batches; crossing++) {
        signal.throwIfAborted()
        const calls = crossing < singles ? 1 : BATCH_CALLS
        const ms = await timeCrossing(contestant, tool, { round, crossing, calls })
        timings.push({ contestant: contestant.name, tool: tool.name, round, calls, ms })
      }
    }
  }
  return timings
}

/** Code that runs often is compiled anew, better: what comes before that is not what a child that serves for hours does. */
export async function warmUp(contestants: readonly Contestant[], tools: readonly SampleTool[], signal: AbortSignal): Promise<void> {
  for (let round = 0; round < WARM_UPS; round++) {
    await timeRound(
      contestants.filter(({ name }) => name !== 'fresh'),
      tools,
      round,
      signal,
    )
  }
}

async function timeCrossing(
  contestant: Contestant,
  tool: SampleTool,
  { round, crossing, calls }: { round: number; crossing: number; calls: number },
): Promise<number> {
  const random = seededRandom('bench', tool.name, round, crossing)
  const samples = Array.from({ length: calls }, () => tool.sample(random))
  const texts = samples.map(({ text }) => text)
  const startedAt = performance.now()
  const results = await contestant.run(tool.source, texts)
  const ms = performance.now() - startedAt
  for (const [index, { text, target }] of samples.entries()) {
    if (results[index] === target) continue
    throw new Error(
      `${contestant.name} answered ${JSON.stringify(results[index])}, not ${JSON.stringify(target)}, to ${JSON.stringify(text)}`,
    )
  }
  return ms
}

export interface CallFigures {
  contestant: ContestantName
  tool: string
  /** Of one crossing: for single calls of one call, for batches of all its calls. Rates are calls a second, medians of rounds. Null: not timed. */
  single: Figures
  batch: Figures | null
}

interface Figures {
  perSecond: number
  p50Ms: number
  p99Ms: number
}

export function figuresOf(timings: readonly Timing[]): CallFigures[] {
  const groups = Map.groupBy(timings, ({ contestant, tool }) => `${tool}/${contestant}`)
  return [...groups.values()].map((group) => {
    const { contestant, tool } = group[0]!
    const single = group.filter(({ calls }) => calls === 1)
    const batch = group.filter(({ calls }) => calls > 1)
    return { contestant, tool, single: summaryOf(single), batch: batch.length === 0 ? null : summaryOf(batch) }
  })
}

function summaryOf(timings: readonly Timing[]): Figures {
  const all = timings.map(({ ms }) => ms)
  return { perSecond: median([...ratesByRound(timings).values()]), p50Ms: median(all), p99Ms: percentile(all, 0.99) }
}

function ratesByRound(timings: readonly Timing[]): Map<number, number> {
  const rounds = Map.groupBy(timings, ({ round }) => round)
  const rateOf = (group: readonly Timing[]) =>
    (1000 * group.reduce((sum, { calls }) => sum + calls, 0)) / group.reduce((sum, { ms }) => sum + ms, 0)
  return new Map([...rounds].map(([round, group]) => [round, rateOf(group)]))
}

/**
 * How many times the calls a second of `fresh`, called one by one, the sandbox makes: the ratio within each round, the median over the rounds. Timings of one
 * tool. Null where `fresh` was not timed.
 */
export function timesFresh(timings: readonly Timing[], calls: number): number | null {
  const sandbox = ratesByRound(timings.filter((timing) => timing.contestant === 'sandbox' && timing.calls === calls))
  const fresh = ratesByRound(timings.filter((timing) => timing.contestant === 'fresh'))
  const ratios = [...fresh].flatMap(([round, rate]) => (sandbox.has(round) ? [sandbox.get(round)! / rate] : []))
  return ratios.length === 0 ? null : median(ratios)
}
