import { openPrices } from '@toolwright/llm'
import { z } from 'zod'
import type { Pipeline } from './pipeline.ts'

const Served = z.object({
  calls: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.number()))),
  underWay: z.record(z.string(), z.record(z.string(), z.number())),
  tokens: z.record(z.string(), z.object({ prompt: z.number(), cached: z.number(), completion: z.number() })),
})

export interface Served {
  /** Calls that got a whole reply, by who was asked for what. */
  replies(role: 'strong' | 'light', asked: 'answer' | 'judge' | 'call' | 'call-again' | 'propose' | 'repair'): number
  /** Calls that have neither a reply nor another end yet. */
  underWay(role: 'strong' | 'light', asked: 'answer'): number
  /** Calls of any end, by HTTP status or `dropped` or `gone`. */
  withStatus(status: string): number
  /** By the model's name. */
  tokens: z.infer<typeof Served>['tokens']
}

/** What the simulator has served so far: the other side of the ledger. */
export async function served({ simulator }: Pipeline): Promise<Served> {
  const { calls, underWay, tokens } = Served.parse(await simulator.control('/served'))
  return {
    replies: (role, asked) => calls[role]?.[asked]?.['200'] ?? 0,
    underWay: (role, asked) => underWay[role]?.[asked] ?? 0,
    withStatus: (status) =>
      Object.values(calls)
        .flatMap((byAsked) => Object.values(byAsked))
        .reduce((sum, byStatus) => sum + (byStatus[status] ?? 0), 0),
    tokens,
  }
}

/** What the tokens cost that were served since `before`, by the endpoint's prices, in nano-dollars, rounded up once for each model. */
export async function servedNanoSince(before: Served, pipeline: Pipeline): Promise<number> {
  const prices = openPrices(pipeline.environment['TOOLWRIGHT_PRICES'])
  let nano = 0
  for (const [model, counts] of Object.entries((await served(pipeline)).tokens)) {
    const earlier = before.tokens[model] ?? { prompt: 0, cached: 0, completion: 0 }
    const cacheRead = counts.cached - earlier.cached
    const tokens = {
      uncachedInput: counts.prompt - earlier.prompt - cacheRead,
      cacheRead,
      cacheWrite: 0,
      output: counts.completion - earlier.completion,
    }
    nano += prices.costOf(model, tokens, pipeline.simulator.url).costNano!
  }
  return nano
}
