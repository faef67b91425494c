import { z } from 'zod'
import type { Pipeline } from './pipeline.ts'

const Served = z.object({
  calls: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.number()))),
  tokens: z.record(z.string(), z.object({ prompt: z.number(), cached: z.number(), completion: z.number() })),
})

export interface Served {
  /** Calls that got a whole reply, by who was asked for what. */
  replies(role: 'strong' | 'light', asked: 'answer' | 'judge' | 'call' | 'call-again' | 'propose' | 'repair'): number
  /** Calls of any end, by HTTP status or `dropped` or `gone`. */
  withStatus(status: string): number
  /** By the model's name. */
  tokens: z.infer<typeof Served>['tokens']
}

/** What the simulator has served so far: the other side of the ledger. */
export async function served({ simulator }: Pipeline): Promise<Served> {
  const { calls, tokens } = Served.parse(await simulator.control('/served'))
  return {
    replies: (role, asked) => calls[role]?.[asked]?.['200'] ?? 0,
    withStatus: (status) =>
      Object.values(calls)
        .flatMap((byAsked) => Object.values(byAsked))
        .reduce((sum, byStatus) => sum + (byStatus[status] ?? 0), 0),
    tokens,
  }
}
