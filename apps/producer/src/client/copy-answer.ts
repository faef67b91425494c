import { type Line, type LineResult, nanoOfUsd, normalAnswer } from '@toolwright/contracts'
import { z } from 'zod'
import { isMadeHere, OutputMark } from './output-line.ts'

/** What is read of a result line that holds an answer. The body is a provider's own, and may be anything. */
const AnswerLine = z.object({
  custom_id: z.string(),
  response: z.object({ body: z.record(z.string(), z.unknown()) }),
  toolwright: OutputMark.extend({ tier: OutputMark.shape.tier.unwrap() }),
})
const Content = z.object({ choices: z.tuple([z.object({ message: z.object({ content: z.string() }) })], z.unknown()) })

const NOTHING_USED = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }

/**
 * The result of a request that is the same as one whose result line is `text`: its answer, for nothing. The baseline is what it would have cost by itself, and so the same.
 * Throws where the text is no result line with an answer.
 */
export function copyAnswer(text: string, { seq, customId, kindName, target }: Line): LineResult {
  const { custom_id: first, response, toolwright: mark } = AnswerLine.parse(JSON.parse(text))
  const { body } = response
  const answer = Content.safeParse(body).data?.choices[0].message.content ?? ''
  return {
    status: 'answered',
    seq,
    customId,
    kind: mark.kind,
    kindName: kindName ?? null,
    decidedBy: mark.decided_by,
    costNano: 0,
    baseline: { costNano: mark.baseline_usd === null ? null : nanoOfUsd(mark.baseline_usd), basis: mark.baseline_basis },
    duplicateOf: mark.duplicate_of ?? first,
    tier: mark.tier,
    tool: mark.tool,
    version: mark.version,
    model: typeof body['model'] === 'string' ? body['model'] : '',
    answer,
    completion: isMadeHere(body, mark) ? null : { ...body, ...('usage' in body && { usage: NOTHING_USED }) },
    usage: NOTHING_USED,
    correct: target === undefined ? null : normalAnswer(target) === normalAnswer(answer),
  }
}
