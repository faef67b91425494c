import { randomUUID } from 'node:crypto'
import type { Role } from '@toolwright/contracts'
import { seededRandom, type Random } from '@toolwright/families'
import type { Play } from '../play/model.ts'
import type { Turn } from '../play/understand.ts'
import type { Settings } from '../settings.ts'
import type { ChatRequest } from './chat-request.ts'
import { fillSchema } from './fill-schema.ts'
import type { Fault } from './faults.ts'
import type { Tokens } from './tokens.ts'

interface Choice {
  index: number
  message: { role: 'assistant'; content: string | null; refusal: string | null }
  logprobs: null
  finish_reason: 'stop' | 'length'
}

export interface Completion {
  id: string
  object: 'chat.completion'
  created: number
  model: string
  choices: Choice[]
  usage: {
    prompt_tokens: number
    completion_tokens: number
    total_tokens: number
    prompt_tokens_details: { cached_tokens: number }
    completion_tokens_details: { reasoning_tokens: number }
  }
  /** Always says that no model was at work. */
  system_fingerprint: 'simulated'
}

const REFUSAL = "I'm sorry, but I can't help with that."

interface Asking {
  request: ChatRequest
  turns: Turn[]
  play: Play
  role: Role
  settings: Settings
  fault: Fault
  random: Random
  tokens: Tokens
}

/** The chat completion: the model's reply to each choice, in the asked form, spoilt by the fault if it is one of the reply. */
export function complete(asking: Asking): Completion {
  const { request, turns, tokens } = asking
  const { promptTokens, cachedTokens } = tokens.prompt(request.model, turns)
  const choices = Array.from({ length: request.n ?? 1 }, (_, index) => choose(asking, index))
  const saidTokens = choices.reduce((sum, { message }) => sum + tokens.count(message.content ?? message.refusal ?? ''), 0)
  const reasoningTokens = reasoningOf(asking)
  const completionTokens = saidTokens + reasoningTokens + asking.settings.overbilled
  return {
    id: `chatcmpl-${randomUUID()}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: request.model,
    choices,
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
      prompt_tokens_details: { cached_tokens: cachedTokens },
      completion_tokens_details: { reasoning_tokens: reasoningTokens },
    },
    system_fingerprint: 'simulated',
  }
}

function reasoningOf({ request, turns, play, role, settings }: Asking): number {
  const { asked } = play
  const mean = role === 'strong' && (asked === 'answer' || asked === 'propose' || asked === 'repair') ? settings.reasoning[asked] : 0
  if (mean === 0) return 0
  const draw = seededRandom(settings.seed, 'reasoning', request.seed ?? 0, ...turns.map((turn) => turn.text)).next()
  return Math.round(mean * (0.5 + draw))
}

function choose(asking: Asking, index: number): Choice {
  const { request, play, role, settings, fault, tokens } = asking
  if (fault.kind === 'refusal') return choiceOf(index, { content: null, refusal: REFUSAL }, false)
  const seed = `${request.seed ?? 0}${index > 0 ? `.${index}` : ''}`
  const whole = untilStop(inForm(asking, play.reply({ settings, role, seed })), request.stop)
  const limits = [request.max_completion_tokens, request.max_tokens].filter((limit) => typeof limit === 'number')
  if (fault.kind === 'cutOff') limits.push(Math.max(1, Math.floor(tokens.count(whole) / 2)))
  const { text, isCut } = tokens.cut(whole, Math.min(...limits))
  return choiceOf(index, { content: text, refusal: null }, isCut || fault.kind === 'cutOff')
}

function choiceOf(index: number, said: { content: string | null; refusal: string | null }, isCut: boolean): Choice {
  return { index, message: { role: 'assistant', ...said }, logprobs: null, finish_reason: isCut ? 'length' : 'stop' }
}

function inForm({ request, play, settings, fault, random }: Asking, reply: string): string {
  const format = request.response_format
  const asksForJson = format !== undefined && format !== null && format.type !== 'text'
  if (play.wantsJson)
    return fault.kind === 'prose' || (asksForJson && settings.structuredOutput === 'ignored') ? withProse(reply, random) : reply
  if (!asksForJson || settings.structuredOutput === 'ignored') return reply
  return JSON.stringify(format.type === 'json_schema' ? fillSchema(format.json_schema.schema, reply) : { answer: reply })
}

function withProse(json: string, random: Random): string {
  const fenced = random.pick([`\n\n\`\`\`json\n${json}\n\`\`\`\n\n`, `\n\n\`\`\`\n${json}\n\`\`\`\n\n`, `\n\n${json}\n\n`, ` ${json} `])
  return `${random.pick(['Here is the JSON you asked for:', 'Sure!', 'Based on the request, my reply is:'])}${fenced}${random.pick(['Let me know if you need anything else.', 'I hope this helps {and is clear}.'])}`
}

function untilStop(text: string, stop: ChatRequest['stop']): string {
  const sequences = typeof stop === 'string' ? [stop] : (stop ?? [])
  const ends = sequences
    .filter((sequence) => sequence !== '')
    .map((sequence) => text.indexOf(sequence))
    .filter((end) => end >= 0)
  return ends.length > 0 ? text.slice(0, Math.min(...ends)) : text
}
