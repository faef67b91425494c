import { nanoOfUsd } from '@toolwright/contracts'
import { sameAnswer } from '@toolwright/answering'
import { generateStream, type Family } from '@toolwright/families'
import { createReadStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'

/** A request of the sample stream, with what only we know of it: its family, and the right answer, null where there is none. */
export interface Sample {
  id: string
  family: string
  text: string
  target: string | null
}

export interface SampleFiles {
  /** What the run reads: ids and texts alone. A target in it would be taken for a trusted answer. */
  requests: string
  /** The right answers, by id. */
  answers: string
  results: string
}

export function sampleFilesIn(home: string): SampleFiles {
  return { requests: join(home, 'requests.jsonl'), answers: join(home, 'answers.jsonl'), results: join(home, 'results.jsonl') }
}

/** A mixed stream over the families in random order, written to its two files. */
export function writeSamples(files: SampleFiles, options: { families: readonly Family[]; count: number; seed: number }): Sample[] {
  const samples: Sample[] = []
  for (const { family, text, target } of generateStream({ ...options, mix: true, typoShare: 0.01 })) {
    samples.push({ id: `request-${samples.length + 1}`, family, text, target })
  }
  writeFileSync(files.requests, jsonLines(samples.map(({ id, text }) => ({ id, input: text }))))
  writeFileSync(files.answers, jsonLines(samples.map(({ id, family, target }) => ({ id, family, target }))))
  return samples
}

function jsonLines(values: unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('')
}

/** One line of a run's results. Costs are nano-dollars, null where unknown. */
export interface Result {
  id: string
  tier: 'extracted' | 'called' | 'direct' | null
  kind: string | null
  version: number | null
  decidedBy: string | null
  /** Null where the line failed. */
  answer: string | null
  costNano: number | null
  baselineNano: number | null
  /** What the answer's own calls used. */
  promptTokens: number
  outputTokens: number
}

const OutputLine = z.object({
  custom_id: z.string(),
  response: z
    .object({
      status_code: z.int(),
      body: z.object({
        choices: z.array(z.object({ message: z.object({ content: z.string().nullable() }) })).optional(),
        usage: z.object({ prompt_tokens: z.int(), completion_tokens: z.int() }).optional(),
      }),
    })
    .nullable(),
  toolwright: z.object({
    tier: z.enum(['extracted', 'called', 'direct']).nullable(),
    kind: z.string().nullable(),
    version: z.int().nullable(),
    decided_by: z.string().nullable(),
    cost_usd: z.string().nullable(),
    baseline_usd: z.string().nullable(),
  }),
})

export async function readResults(path: string): Promise<Result[]> {
  const results: Result[] = []
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const { custom_id: id, response, toolwright: mark } = OutputLine.parse(JSON.parse(line))
    results.push({
      id,
      tier: mark.tier,
      kind: mark.kind,
      version: mark.version,
      decidedBy: mark.decided_by,
      answer: mark.tier === null ? null : (response?.body.choices?.[0]?.message.content ?? null),
      costNano: mark.cost_usd === null ? null : nanoOfUsd(mark.cost_usd),
      baselineNano: mark.baseline_usd === null ? null : nanoOfUsd(mark.baseline_usd),
      promptTokens: response?.body.usage?.prompt_tokens ?? 0,
      outputTokens: response?.body.usage?.completion_tokens ?? 0,
    })
  }
  return results
}

export function isRight(answer: string | null, target: string): boolean {
  return answer !== null && sameAnswer(answer, target)
}
