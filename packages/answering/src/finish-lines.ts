import {
  type Baseline,
  type KindId,
  type Line,
  type LineResult,
  normalAnswer,
  type TierName,
  type Tokens,
  type Usage,
} from '@toolwright/contracts'
import type { Queues } from '@toolwright/queues'
import type { DirectSums, Registry } from '@toolwright/registry'

/** What an answer came from. `line.spent` is all that was spent on it. `fields`: the line's kept replies, which are dropped once the result is on its way. */
export interface Answered {
  status: 'answered'
  line: Line
  tier: TierName
  kind: KindId | null
  version: number | null
  model: string
  answer: string
  completion: Record<string, unknown> | null
  fields: string[]
}

export interface Failed {
  status: 'failed'
  line: Line
  kind: KindId | null
  statusCode: number
  code: string
  message: string
  fields: string[]
}

export interface Finisher {
  /** Sends lines' results to the run's client, and notes that they have one. Safe to repeat: the job's id is made from the lines, and the client writes each line once. */
  finish(run: string, ends: (Answered | Failed)[]): Promise<void>
}

/** How long a kind's mean is taken as it was read. */
const BASELINE_AGE_MS = 2_000

/** What tokens cost at the strong model, in integer nano-dollars; null where its price is unknown. */
export type StrongCost = (tokens: Tokens) => number | null

export function openFinisher(options: { registry: Registry; queues: Queues; strongCost: StrongCost }): Finisher {
  const { registry, queues, strongCost } = options
  const sums = new Map<string, { at: number; value: Promise<DirectSums> }>()

  const directSums = (kind: KindId | null): Promise<DirectSums> => {
    const key = kind ?? ''
    const known = sums.get(key)
    if (known !== undefined && Date.now() - known.at < BASELINE_AGE_MS) return known.value
    const value = registry.money.direct(kind)
    sums.set(key, { at: Date.now(), value })
    value.catch(() => sums.delete(key))
    if (sums.size > 5_000) sums.clear()
    return value
  }

  return {
    finish: async (run, ends) => {
      if (ends.length === 0) return
      const results = await Promise.all(
        ends.map(async (end): Promise<LineResult> => {
          const { line } = end
          const all = await directSums(null)
          const own = end.kind === null ? all : await directSums(end.kind)
          const common = {
            seq: line.seq,
            customId: line.customId,
            kind: end.kind,
            kindName: line.kindName ?? null,
            decidedBy: line.decidedBy ?? null,
            costNano: line.spent === undefined ? 0 : line.spent.costNano,
            baseline: baselineOf(end.kind === null ? null : own, all, Buffer.byteLength(line.text), strongCost),
          }
          if (end.status === 'failed')
            return { status: 'failed', ...common, statusCode: end.statusCode, error: { code: end.code, message: end.message } }
          return {
            status: 'answered',
            ...common,
            tier: end.tier,
            tool: end.version === null || end.kind === null ? null : `${end.kind}@${end.version}`,
            version: end.version,
            model: end.model,
            answer: end.answer,
            completion: end.completion,
            usage: usageOf(line),
            correct: line.target === undefined ? null : normalAnswer(line.target) === normalAnswer(end.answer),
          }
        }),
      )
      // Before their results: whoever knows of an error can have it tried again.
      const failed = ends.filter(({ status }) => status === 'failed')
      await registry.failures.keep(
        run,
        failed.map(({ line }) => line),
      )
      const id = queues.idFor('results', run, ...results.map((result) => result.seq), ends[0]!.line.hop)
      await queues.add('results', [{ id, data: { v: 1, run, results } }], run)
      await registry.runs.noteAnswered(
        run,
        results,
        ends.flatMap((end) => end.fields),
      )
    },
  }
}

function usageOf({ spent }: Line): Usage | null {
  const { promptTokens, outputTokens } = spent ?? { promptTokens: 0, outputTokens: 0 }
  // No call has an empty prompt: its endpoint told nothing.
  if (spent?.costNano === null && promptTokens === 0) return null
  return { prompt_tokens: promptTokens, completion_tokens: outputTokens, total_tokens: promptTokens + outputTokens }
}

/** What a line had spent before, and what it spent now. */
export function addSpent(line: Line, more: NonNullable<Line['spent']>): Line {
  const { spent } = line
  if (spent === undefined) return { ...line, spent: more }
  return {
    ...line,
    spent: {
      costNano: spent.costNano === null || more.costNano === null ? null : spent.costNano + more.costNano,
      promptTokens: spent.promptTokens + more.promptTokens,
      outputTokens: spent.outputTokens + more.outputTokens,
    },
  }
}

/**
 * What the request would have cost, answered by the strong model directly: an estimate. The mean of the kind's paid direct calls; without any, prompt tokens by
 * this text's length and the mean output over all kinds, at the strong model's price, marked `assumed`; without any direct call at all, or a price, unknown.
 */
export function baselineOf(own: DirectSums | null, all: DirectSums, textBytes: number, strongCost: StrongCost): Baseline {
  if (own !== null && own.calls > own.unpriced)
    return { costNano: Math.round(own.costNano / (own.calls - own.unpriced)), basis: 'measured' }
  if (all.calls === 0 || all.textBytes === 0) return { costNano: null, basis: 'unknown' }
  const costNano = strongCost({
    uncachedInput: Math.ceil((all.promptTokens / all.textBytes) * textBytes),
    cacheRead: 0,
    cacheWrite: 0,
    output: Math.ceil(all.outputTokens / all.calls),
  })
  return costNano === null ? { costNano, basis: 'unknown' } : { costNano, basis: 'assumed' }
}
