import { z } from 'zod'
import type { Turn } from '../play/understand.ts'
import type { Settings } from '../settings.ts'
import { badRequest } from './api-error.ts'
import { checkStrictSchema } from './strict-schema.ts'

const Part = z.looseObject({ type: z.string(), text: z.string().optional() })
const Message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: z.union([z.string(), z.array(Part)]).nullish(),
})
const ResponseFormat = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({ type: z.literal('json_object') }),
  z.looseObject({
    type: z.literal('json_schema'),
    json_schema: z.looseObject({
      name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
      schema: z.record(z.string(), z.unknown()).optional(),
      strict: z.boolean().nullish(),
    }),
  }),
])

/** What of a chat completion request the simulator heeds; other members are accepted and ignored, as sampling settings are of no use to a rule. */
export const ChatRequest = z.looseObject({
  model: z.string(),
  messages: z.array(Message).min(1),
  seed: z.int().nullish(),
  n: z.int().min(1).max(128).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  response_format: ResponseFormat.nullish(),
})
export type ChatRequest = z.infer<typeof ChatRequest>

/** The request in the body. Throws the API's 400. */
export function parseChatRequest(body: string): ChatRequest {
  const result = ChatRequest.safeParse(parseJson(body))
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const param = issue?.path.join('.') || null
  const isMissing = issue?.code === 'invalid_type' && issue.path.length === 1 && issue.message.includes('undefined')
  if (isMissing) throw badRequest(`Missing required parameter: '${param}'.`, param, 'missing_required_parameter')
  throw badRequest(`Invalid value for '${param ?? 'body'}': ${issue?.message ?? 'not an object'}.`, param, 'invalid_value')
}

/** The messages as plain text; of content in parts the text parts count. */
export function turnsOf(request: ChatRequest): Turn[] {
  return request.messages.map(({ role, content }) => ({
    role,
    text: typeof content === 'string' ? content : (content ?? []).map((part) => part.text ?? '').join('\n'),
  }))
}

/** Throws the API's 400 where the endpoint, as it is set, would not take the response format. */
export function checkResponseFormat({ response_format: format }: ChatRequest, turns: Turn[], { structuredOutput }: Settings): void {
  if (!format || format.type === 'text' || structuredOutput === 'ignored') return
  if (structuredOutput === 'none') {
    throw badRequest(
      "Unsupported parameter: 'response_format' is not supported with this model.",
      'response_format',
      'unsupported_parameter',
    )
  }
  if (format.type === 'json_object') {
    if (turns.some((turn) => /json/i.test(turn.text))) return
    throw badRequest("'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.", 'messages')
  }
  if (structuredOutput === 'object') {
    throw badRequest("Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.", 'response_format')
  }
  const { name, schema, strict } = format.json_schema
  if (!strict) return
  const problem = checkStrictSchema(schema)
  if (problem) throw badRequest(`Invalid schema for response_format '${name}': ${problem}`, 'response_format')
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch (error) {
    if (error instanceof SyntaxError) throw badRequest('We could not parse the JSON body of your request.')
    throw error
  }
}
