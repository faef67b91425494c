import { type Frame, isObject } from '@toolwright/contracts'

type Body = Readonly<Record<string, unknown>>
type Message = Body

/** A chat completion request, taken apart. Where `isToolable` is false the body must be sent on as it is, and `text` is only what could be read of it. */
export interface SplitBody {
  isToolable: boolean
  text: string
  frame: Frame | null
}

/**
 * Says whether a tool may answer a chat completion request, and takes its text and its frame out of it. `messages` must be a list of objects.
 *
 * The last message must be a user's, and its content a string or text parts (joined by newlines): that is the text. The messages before it (text only),
 * `response_format` and `stop` are the frame. All other fields fall into three groups:
 * - They ask for what a single text cannot give, or for an answer shaped token by token: n > 1, tools, functions, stream, logprobs, audio, modalities other than text,
 *   prediction, web search, logit_bias, penalties other than 0, temperature over 1, verbosity high. Not toolable.
 * - They say how carefully, how cheaply or how repeatably to sample one answer, or label the request: model, temperature up to 1, top_p, seed, token limits,
 *   reasoning_effort, service_tier, user, metadata, … They change nothing about which answer is right; they are dropped, and do not split a kind.
 * - We do not know them. Not toolable: what they ask for would be lost.
 *
 * A field that is null, or holds what the API does by default, counts as absent.
 */
export function splitBody(body: Body): SplitBody {
  const messages = Array.isArray(body['messages']) ? body['messages'].filter(isObject) : []
  const last = messages.at(-1) ?? {}
  const earlier = messages.slice(0, -1)
  const text = textOf(last['content'])
  const isToolable =
    last['role'] === 'user' &&
    text !== null &&
    text.trim() !== '' &&
    hasOnly(last, ['role', 'content']) &&
    earlier.every(isPlainMessage) &&
    Object.entries(body).every(([key, value]) => isHarmless(key, value))
  return { isToolable, text: text ?? '', frame: isToolable ? frameOf(body, earlier) : null }
}

function frameOf(body: Body, messages: Message[]): Frame | null {
  const format = body['response_format']
  const stop = body['stop']
  const hasFormat = !isAbsent(format) && typeOf(format) !== 'text'
  const hasStop = !isAbsent(stop)
  if (messages.length === 0 && !hasFormat && !hasStop) return null
  return { messages, ...(hasFormat && { response_format: format }), ...(hasStop && { stop }) }
}

const DROPPED = new Set([
  'model',
  'top_p',
  'top_k',
  'min_p',
  'seed',
  'max_tokens',
  'max_completion_tokens',
  'reasoning_effort',
  'service_tier',
  'store',
  'metadata',
  'user',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  // Says nothing without tools or a stream, and those are judged by themselves.
  'parallel_tool_calls',
  'stream_options',
])

function isHarmless(key: string, value: unknown): boolean {
  if (isAbsent(value) || DROPPED.has(key)) return true
  switch (key) {
    case 'messages':
      return true
    case 'response_format':
      return ['text', 'json_object', 'json_schema'].includes(typeOf(value))
    case 'stop':
      return typeof value === 'string' || (Array.isArray(value) && value.every((item) => typeof item === 'string'))
    case 'n':
      return value === 1
    case 'temperature':
      return typeof value === 'number' && value <= 1
    case 'presence_penalty':
    case 'frequency_penalty':
    case 'top_logprobs':
      return value === 0
    case 'stream':
    case 'logprobs':
      return value === false
    case 'tool_choice':
    case 'function_call':
      return value === 'none' || value === 'auto'
    case 'modalities':
      return Array.isArray(value) && value.every((item) => item === 'text')
    case 'verbosity':
      return value === 'low' || value === 'medium'
    default:
      return false
  }
}

function isPlainMessage(message: Message): boolean {
  const isKnownRole = ['system', 'developer', 'user', 'assistant'].includes(String(message['role']))
  return isKnownRole && textOf(message['content']) !== null && hasOnly(message, ['role', 'content', 'name'])
}

/** The text of a message's content; null where it is not text alone. */
function textOf(content: unknown): string | null {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return null
  const texts: string[] = []
  for (const part of content as unknown[]) {
    if (!isObject(part) || part['type'] !== 'text' || typeof part['text'] !== 'string') return null
    texts.push(part['text'])
  }
  return texts.length === 0 ? null : texts.join('\n')
}

function typeOf(value: unknown): string {
  return isObject(value) ? String(value['type']) : ''
}

function hasOnly(message: Message, keys: readonly string[]): boolean {
  return Object.entries(message).every(([key, value]) => isAbsent(value) || keys.includes(key))
}

function isAbsent(value: unknown): boolean {
  if (value === null || value === undefined) return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
