import type { Dialect } from './dialect.ts'
import { renderPrompt } from './prompt.ts'

export interface ChatMessage {
  role: 'system' | 'developer' | 'user' | 'assistant'
  content: string
}

/** What is asked of a model. With `body`, a user's own chat-completions body, all else but `maxTokens` is ignored. */
export interface ModelCall {
  messages: ChatMessage[]
  temperature?: number
  /** The reply's limit in tokens, always sent: a call's cost has a bound before it is made. */
  maxTokens: number
  seed?: number
  /** Asks for a JSON object of this form. Endpoints may ignore it: the caller validates. `name` is of a-z, A-Z, 0-9, _ and -. */
  schema?: { name: string; schema: object }
  /** Sent as it is but for `model`, a limit where it sets none, and streaming, which is off. */
  body?: Record<string, unknown>
}

/** How a model is told to write JSON where the endpoint cannot be told; variables: `schema`. */
export interface JsonPrompts {
  object: string
  fenced: string
}

/** The chat-completions body of a call, in the words that the endpoint understands. */
export function requestBody(model: string, call: ModelCall, dialect: Dialect, prompts: JsonPrompts): Record<string, unknown> {
  if (call.body) return userBody(model, call.body, call.maxTokens, dialect)
  return {
    model,
    messages: call.schema ? withSchema(call.messages, call.schema.schema, dialect, prompts) : call.messages,
    ...(call.temperature !== undefined && !dialect.omitted.includes('temperature') && { temperature: call.temperature }),
    ...(call.seed !== undefined && !dialect.omitted.includes('seed') && { seed: call.seed }),
    [dialect.limitName]: call.maxTokens,
    ...(call.schema && responseFormat(call.schema, dialect)),
  }
}

function userBody(model: string, body: Record<string, unknown>, maxTokens: number, dialect: Dialect): Record<string, unknown> {
  const { stream: _stream, stream_options: _options, ...rest } = body
  const hasLimit = typeof body['max_completion_tokens'] === 'number' || typeof body['max_tokens'] === 'number'
  return { ...rest, model, ...(!hasLimit && { [dialect.limitName]: maxTokens }) }
}

function responseFormat(schema: { name: string; schema: object }, dialect: Dialect): Record<string, unknown> {
  switch (dialect.replyForm) {
    case 'json_schema':
      return { response_format: { type: 'json_schema', json_schema: { name: schema.name, strict: true, schema: schema.schema } } }
    case 'json_object':
      return { response_format: { type: 'json_object' } }
    case 'text':
      return {}
  }
}

/** The schema goes behind the system message: what comes first stays the same from call to call, so providers' caches hit. */
function withSchema(messages: ChatMessage[], schema: object, dialect: Dialect, prompts: JsonPrompts): ChatMessage[] {
  if (dialect.replyForm === 'json_schema') return messages
  const template = dialect.replyForm === 'json_object' ? prompts.object : prompts.fenced
  const instruction = renderPrompt(template, { schema: JSON.stringify(schema) })
  const [first, ...rest] = messages
  if (first && (first.role === 'system' || first.role === 'developer')) {
    return [{ role: first.role, content: `${first.content}\n\n${instruction}` }, ...rest]
  }
  return [{ role: 'system', content: instruction }, ...messages]
}
