import { z } from 'zod'

const Usage = z.looseObject({
  prompt_tokens: z.int().nonnegative(),
  completion_tokens: z.int().nonnegative(),
  total_tokens: z.int().nonnegative(),
})

/** A line of a run's output as README and DESIGN.md, section 3, promise it; strict, so that what is missing or new shows. */
const OutputLine = z.strictObject({
  id: z.string(),
  custom_id: z.string(),
  response: z
    .strictObject({
      status_code: z.int(),
      request_id: z.string(),
      body: z.looseObject({
        model: z.string(),
        choices: z.array(z.looseObject({ message: z.looseObject({ role: z.literal('assistant'), content: z.string() }) })).length(1),
        usage: Usage,
      }),
    })
    .nullable(),
  error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  toolwright: z.strictObject({
    run: z.string(),
    seq: z.int(),
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
    duplicate_of: z.string().optional(),
  }),
})
export type OutputLine = z.infer<typeof OutputLine>

/** The lines of an output; throws for anything that is no whole line of results. */
export function readOutput(text: string): OutputLine[] {
  if (text !== '' && !text.endsWith('\n')) throw new Error(`the output ends within a line: ${text.slice(-200)}`)
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => OutputLine.parse(JSON.parse(line)))
}

/** The ids that the lines have, in an order that can be compared. */
export function idsOf(lines: readonly OutputLine[]): string[] {
  return lines.map(({ custom_id: id }) => id).toSorted()
}

export function seqsOf(lines: readonly OutputLine[]): number[] {
  return lines.map(({ toolwright }) => toolwright.seq).toSorted((a, b) => a - b)
}

const Summary = z.object({
  run: z.string(),
  lines: z.int(),
  answered: z.int(),
  failed: z.int(),
  tools_made: z.int(),
  tiers: z.record(z.enum(['extracted', 'called', 'direct']), z.object({ lines: z.int(), targets: z.int(), right: z.int() })),
  cost: z.object({ total: z.object({ usd: z.string().nullable() }) }),
  baseline: z.object({ is_estimate: z.literal(true), usd: z.string().nullable() }),
  prices: z.array(z.object({ role: z.enum(['strong', 'light']), price: z.string(), is_zero: z.boolean() })),
  latency: z.record(z.enum(['extracted', 'called', 'direct']), z.object({ lines: z.int(), p99_seconds: z.number().nullable() })),
})

/** What `run --json` says in the end. */
export function readSummary(text: string): z.infer<typeof Summary> {
  return Summary.parse(JSON.parse(text))
}
