import { exactUsd, EXTRACTED_MODEL, type LineResult } from '@toolwright/contracts'
import { z } from 'zod'

/**
 * What is ours in an output line. Costs are exact dollars as decimal strings, null where a price is unknown.
 * `correct` is null where no target was given.
 */
export const OutputMark = z.object({
  run: z.string(),
  seq: z.int().nonnegative(),
  kind: z.string().nullable(),
  kind_name: z.string().nullable(),
  tier: z.enum(['extracted', 'called', 'direct']).nullable(),
  tool: z.string().nullable(),
  version: z.int().nullable(),
  decided_by: z.string().nullable(),
  cost_usd: z.string().nullable(),
  baseline_usd: z.string().nullable(),
  baseline_basis: z.enum(['measured', 'assumed', 'unknown']),
  correct: z.boolean().nullable(),
  /** The custom id of the same request that was answered in the place of this one. */
  duplicate_of: z.string().optional(),
})
export type OutputMark = z.infer<typeof OutputMark>

/** One line of the results, in the form of OpenAI Batch output. */
export interface OutputLine {
  id: string
  custom_id: string
  response: { status_code: number; request_id: string; body: Record<string, unknown> } | null
  error: { code: string; message: string } | null
  toolwright: OutputMark
}

/**
 * The output line of one result. A provider's whole completion is passed on; else one is made around the answer, its `usage` what was really used, or absent where nobody told.
 * `created`: Unix seconds for a completion that is made here.
 */
export function outputLine(result: LineResult, run: string, created: number): OutputLine {
  const id = `${run}-${result.seq}`
  const line = { id, custom_id: result.customId }
  const toolwright = markOf(result, run)
  if (result.status === 'answered') {
    return { ...line, response: { status_code: 200, request_id: id, body: completionOf(result, id, created) }, error: null, toolwright }
  }
  const { statusCode, error } = result
  if (statusCode === 0) return { ...line, response: null, error: { code: error.code, message: error.message }, toolwright }
  // Readers take anything below 400 for an answer: a reply that came with 200 and could not be used is a bad gateway's.
  const status = statusCode >= 400 ? statusCode : 502
  const body = { error: { message: error.message, type: errorType(status), param: null, code: error.code } }
  return { ...line, response: { status_code: status, request_id: id, body }, error: null, toolwright }
}

/** Whether a completion was made here around an answer, and is no provider's. */
export function isMadeHere(completion: Record<string, unknown>, { run, seq }: OutputMark): boolean {
  return completion['id'] === completionId(`${run}-${seq}`)
}

function completionId(lineId: string): string {
  return `chatcmpl-${lineId}`
}

function completionOf(result: LineResult & { status: 'answered' }, id: string, created: number): Record<string, unknown> {
  if (result.completion !== null) return result.completion
  return {
    id: completionId(id),
    object: 'chat.completion',
    created,
    model: result.tier === 'extracted' ? EXTRACTED_MODEL : result.model,
    choices: [{ index: 0, message: { role: 'assistant', content: result.answer, refusal: null }, logprobs: null, finish_reason: 'stop' }],
    ...(result.usage !== null && { usage: result.usage }),
  }
}

function markOf(result: LineResult, run: string): OutputMark {
  const answered = result.status === 'answered' ? result : null
  return {
    run,
    seq: result.seq,
    kind: result.kind,
    kind_name: result.kindName,
    tier: answered?.tier ?? null,
    tool: answered?.tool ?? null,
    version: answered?.version ?? null,
    decided_by: result.decidedBy,
    cost_usd: result.costNano === null ? null : exactUsd(result.costNano),
    baseline_usd: result.baseline.costNano === null ? null : exactUsd(result.baseline.costNano),
    baseline_basis: result.baseline.basis,
    correct: answered?.correct ?? null,
    ...(result.duplicateOf !== undefined && { duplicate_of: result.duplicateOf }),
  }
}

function errorType(statusCode: number): string {
  if (statusCode === 401) return 'authentication_error'
  if (statusCode === 403) return 'permission_error'
  if (statusCode === 404) return 'not_found_error'
  if (statusCode === 429) return 'rate_limit_error'
  return statusCode >= 500 ? 'server_error' : 'invalid_request_error'
}
