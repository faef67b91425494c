import { type Model, type ModelCall, ModelError, type Reply } from '@toolwright/llm'
import { modelCallSpan, modelReplyEnd, promptTexts, replyTexts, type Traces } from '@toolwright/runtime'
import type { Payment } from './payer.ts'

/** A model call as a span of its own; the texts are in it where they were asked for. */
export async function completeTraced(
  traces: Traces,
  { run, kind, role, purpose }: Payment,
  model: Model,
  call: ModelCall,
  signal: AbortSignal,
): Promise<Reply> {
  const { model: name, baseUrl } = model.endpoint
  const { maxTokens, temperature, seed } = call
  const wantsJson = call.schema !== undefined && call.body === undefined
  const span = traces.begin(modelCallSpan({ run, kind, role, purpose, model: name, baseUrl, maxTokens, temperature, seed, wantsJson }))
  if (traces.withTexts) span.set(promptTexts(call.body === undefined ? call.messages : call.body['messages']))
  try {
    const reply = await model.complete(call, signal)
    span.set(modelReplyEnd({ ...reply, id: reply.completion['id'] }))
    if (traces.withTexts) span.set(replyTexts(reply.text, reply.finish))
    return reply
  } catch (error) {
    span.fail(error instanceof ModelError ? error.kind : 'aborted')
    throw error
  } finally {
    span.end()
  }
}
