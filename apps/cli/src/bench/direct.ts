import { answerPrompt } from '@toolwright/answering'
import { openModel, openPrices } from '@toolwright/llm'
import { isRight, type Sample } from '../demo/samples.ts'
import { modelsOf } from '../env.ts'

/** What one model's own answers to a family's requests come to. */
export interface DirectTotals {
  requests: number
  keyed: number
  right: number
  costNano: number
}

const CALLS_AT_ONCE = 16
const TIMEOUT_MS = 60_000

/** Asks one model for every sample's answer, with the prompt that a run's direct answers have. */
export async function answerAll(
  samples: readonly Sample[],
  role: 'strong' | 'light',
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Map<string, DirectTotals>> {
  const { settings, prices } = modelsOf(environment)
  const model = openModel({ role, ...settings[role], timeoutMs: TIMEOUT_MS }, openPrices(prices, settings[role].priceTier))
  const totals = new Map<string, DirectTotals>()
  const waiting = samples.values()
  const work = async () => {
    for (const { family, text, target } of waiting) {
      const reply = await model.complete(answerPrompt({ text }, null), signal)
      const sum = totals.get(family) ?? { requests: 0, keyed: 0, right: 0, costNano: 0 }
      totals.set(family, sum)
      sum.requests++
      if (target !== null) {
        sum.keyed++
        if (isRight(reply.text, target)) sum.right++
      }
      if (reply.costNano === null) throw new Error(`the price of ${reply.model} is unknown`)
      sum.costNano += reply.costNano
    }
  }
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, work))
  return totals
}
