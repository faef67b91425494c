import type { Role, Tokens } from '@toolwright/contracts'
import { announcedLimits, type AnnouncedLimits } from './announced-limits.ts'
import { boundCostNano, boundTokens } from './bound.ts'
import { FULL_DIALECT, isAboutOneSchema, joinDialects, learn, type Dialect } from './dialect.ts'
import { findJson } from './find-json.ts'
import { ModelError } from './model-error.ts'
import type { Prices } from './prices.ts'
import { loadPrompt } from './prompt.ts'
import { readAnswer } from './read-answer.ts'
import type { ReadReply } from './read-reply.ts'
import { requestBody, type JsonPrompts, type ModelCall } from './request.ts'
import { openTransport } from './transport.ts'

export type { ModelCall } from './request.ts'

export interface Endpoint {
  role: Role
  /** Up to and without `/chat/completions`, such as `https://api.openai.com/v1`. */
  baseUrl: string
  /** '' where the endpoint wants none. */
  apiKey: string
  model: string
  /** For one request, from sending to the last byte of the reply. */
  timeoutMs: number
  /** Requests and tokens a minute that a user has set for it. */
  limits?: { requests?: number | undefined; tokens?: number | undefined }
}

export interface Reply {
  /** What the model wrote; its refusal where it refused. */
  text: string
  /** The JSON that was found in `text` when a schema was asked for; not validated. Undefined when there was none. */
  value: unknown
  /** The JSON text behind `value` as the model wrote it: every digit of its numbers. */
  valueText: string | undefined
  finish: 'stop' | 'length' | 'refusal' | 'content-filter'
  /** As the endpoint reported them; all 0 where it reported none that can be, and then the cost is unknown. */
  tokens: Tokens
  /** Integer nano-dollars, null where price or usage is unknown. */
  costNano: number | null
  /** Which list gave the price, its version and the id that matched, or `unknown`. */
  price: string
  /** As the endpoint reported it. */
  model: string
  /** The whole chat completion as it came. */
  completion: Record<string, unknown>
  /** The limits that came with it. */
  announced: AnnouncedLimits
  latencyMs: number
}

export interface Model {
  readonly endpoint: Endpoint
  /** Throws ModelError, or what `signal` was aborted with (the call may then have been billed). Never tries again by itself what could be billed twice. */
  complete(call: ModelCall, signal?: AbortSignal): Promise<Reply>
  /** What a call can use and cost at most, to be reserved before it. */
  bound(call: ModelCall): { tokens: Tokens; costNano: number | null }
  /** What tokens cost at this model, in integer nano-dollars; null where its price is unknown. */
  costOf(tokens: Tokens): number | null
}

const NO_TOKENS: Tokens = { uncachedInput: 0, cacheRead: 0, cacheWrite: 0, output: 0 }

/** Schemas that an endpoint refused are remembered up to this many, then forgotten. */
const MAX_REFUSED_SCHEMAS = 1000

/**
 * A chat model behind any OpenAI-compatible endpoint. What the endpoint does not understand (structured output, the limit's new name, temperature, seed) is
 * found out by its 400 answers, given up step by step, and remembered for as long as the model is open.
 */
export function openModel(endpoint: Endpoint, prices: Prices): Model {
  const baseUrl = parseBaseUrl(endpoint)
  const send = openTransport(baseUrl, endpoint.apiKey, endpoint.timeoutMs)
  const prompts: JsonPrompts = {
    object: loadPrompt(new URL('../prompts/json-object.md', import.meta.url)),
    fenced: loadPrompt(new URL('../prompts/json-fenced.md', import.meta.url)),
  }
  const refusedSchemas = new Set<string>()
  let known = FULL_DIALECT

  const openingDialect = (schemaText: string | undefined): Dialect =>
    schemaText !== undefined && refusedSchemas.has(schemaText) ? joinDialects(known, { ...known, replyForm: 'json_object' }) : known

  /** What a success teaches: a dialect is kept once a request in it was accepted. */
  const remember = (dialect: Dialect, refusedSchema: string | undefined) => {
    known = joinDialects(known, refusedSchema === undefined ? dialect : { ...dialect, replyForm: known.replyForm })
    if (refusedSchema === undefined) return
    if (refusedSchemas.size >= MAX_REFUSED_SCHEMAS) refusedSchemas.clear()
    refusedSchemas.add(refusedSchema)
  }

  return {
    endpoint,
    async complete(call, signal) {
      const schemaText = call.schema && JSON.stringify(call.schema.schema)
      let refusedSchema = schemaText !== undefined && refusedSchemas.has(schemaText) ? schemaText : undefined
      let dialect = openingDialect(schemaText)
      for (;;) {
        signal?.throwIfAborted()
        const body = requestBody(endpoint.model, call, dialect, prompts)
        const sentAt = performance.now()
        const answer = await send(body, signal)
        const latencyMs = Math.round(performance.now() - sentAt)
        const next = answer.status === 'refused' ? learn(dialect, body, call.body === undefined, answer) : undefined
        if (next && answer.status === 'refused') {
          if (next.replyForm !== dialect.replyForm && isAboutOneSchema(answer)) refusedSchema = schemaText
          dialect = next
          continue
        }
        const reply = readAnswer(answer, { ...endpoint, url: baseUrl, call })
        remember(dialect, refusedSchema)
        const announced = answer.status === 'ok' ? announcedLimits(answer.headers, Date.now()) : {}
        return { ...replyOf(endpoint, prices, call, reply, latencyMs), announced }
      }
    },
    bound(call) {
      const tokens = boundTokens(largestBody(endpoint.model, call, prompts))
      return { tokens, costNano: boundCostNano(prices, endpoint.model, tokens, endpoint.baseUrl) }
    },
    costOf: (tokens) => prices.costOf(endpoint.model, tokens, endpoint.baseUrl).costNano,
  }
}

/** A bound must hold whatever the endpoint understands: the schema in the message and in the response format. */
function largestBody(model: string, call: ModelCall, prompts: JsonPrompts): Record<string, unknown> {
  const full = requestBody(model, call, FULL_DIALECT, prompts)
  return call.schema && !call.body
    ? { ...full, messages: requestBody(model, call, { ...FULL_DIALECT, replyForm: 'text' }, prompts)['messages'] }
    : full
}

function replyOf(endpoint: Endpoint, prices: Prices, call: ModelCall, reply: ReadReply, latencyMs: number): Omit<Reply, 'announced'> {
  const found = call.schema && !call.body ? findJson(reply.text) : undefined
  return {
    text: reply.text,
    value: found?.value,
    valueText: found?.text,
    finish: reply.finish,
    ...paidFor(endpoint, prices, reply),
    model: reply.model ?? endpoint.model,
    completion: reply.completion,
    latencyMs,
  }
}

function paidFor(endpoint: Endpoint, prices: Prices, { tokens, model }: ReadReply): Pick<Reply, 'tokens' | 'costNano' | 'price'> {
  if (tokens === undefined) return { tokens: NO_TOKENS, costNano: null, price: 'unknown: the endpoint reported no usage' }
  const cost = prices.costOf(endpoint.model, tokens, endpoint.baseUrl)
  // A router or an alias may be unknown to the price list where the model behind it is not.
  return { tokens, ...(cost.costNano === null && model ? prices.costOf(model, tokens, endpoint.baseUrl) : cost) }
}

function parseBaseUrl(endpoint: Endpoint): URL {
  const url = URL.parse(endpoint.baseUrl)
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url
  const name = `TOOLWRIGHT_${endpoint.role.toUpperCase()}_BASE_URL`
  throw new ModelError(
    `${endpoint.role} model ${endpoint.model}: its base URL is not an http(s) URL; check ${name} (or OPENAI_BASE_URL)`,
    'no-model',
  )
}
