import { nanoOfUsd, TierName } from '@toolwright/contracts'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'

/** A line of a run's results, as far as a report shows it. Money in nano-dollars, null where a price is unknown. */
export interface ResultLine {
  customId: string
  kind: string | null
  /** Null where the request failed. */
  tier: TierName | null
  version: number | null
  costNano: number | null
  baselineNano: number | null
  basis: 'measured' | 'assumed' | 'unknown'
  /** Null where no target was given. */
  isRight: boolean | null
  isDuplicate: boolean
  /** When it was written, in milliseconds since the epoch (whole seconds); null for failed requests and for completions that a provider made. */
  writtenAt: number | null
  failure: { cause: string; message: string } | null
}

const OutputLine = z.object({
  id: z.string(),
  custom_id: z.string(),
  response: z
    .object({
      status_code: z.int(),
      body: z.object({
        id: z.unknown().optional(),
        created: z.unknown().optional(),
        error: z.object({ message: z.string(), code: z.string() }).optional().catch(undefined),
      }),
    })
    .nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  toolwright: z.object({
    run: z.string(),
    kind: z.string().nullable(),
    tier: TierName.nullable(),
    version: z.int().nullable(),
    cost_usd: z.string().nullable(),
    baseline_usd: z.string().nullable(),
    baseline_basis: z.enum(['measured', 'assumed', 'unknown']),
    correct: z.boolean().nullable(),
    duplicate_of: z.string().optional(),
  }),
})

/** The lines of `run` in a file of results or errors, in the order of the file; null for one that is none, such as the last one of a file that is being written. */
export async function* readResultLines(path: string, run: string): AsyncGenerator<ResultLine | null> {
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    const line = resultLineOf(text)
    if (line === null) yield null
    else if (line.run === run) yield line.line
  }
}

function resultLineOf(text: string): { run: string; line: ResultLine } | null {
  const parsed = OutputLine.safeParse(jsonOf(text))
  if (!parsed.success) return null
  const { id, custom_id: customId, response, error, toolwright: mark } = parsed.data
  const line: ResultLine = {
    customId,
    kind: mark.kind,
    tier: mark.tier,
    version: mark.version,
    costNano: mark.cost_usd === null ? null : nanoOfUsd(mark.cost_usd),
    baselineNano: mark.baseline_usd === null ? null : nanoOfUsd(mark.baseline_usd),
    basis: mark.baseline_basis,
    isRight: mark.correct,
    isDuplicate: mark.duplicate_of !== undefined,
    // A provider's own clock is not ours.
    writtenAt: response?.body.id === `chatcmpl-${id}` && typeof response.body.created === 'number' ? response.body.created * 1000 : null,
    failure: null,
  }
  if (mark.tier === null) {
    const failed = error ?? response?.body.error
    const status = response === null ? '' : ` (${response.status_code})`
    line.failure = { cause: `${failed?.code ?? 'unknown cause'}${status}`, message: failed?.message ?? '' }
  }
  return { run: mark.run, line }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
