import type { Tokens } from '@toolwright/contracts'
import { z } from 'zod'

const Count = z.int().nonnegative().optional().catch(undefined)

/** Every field is optional somewhere among the servers that call themselves compatible. */
const UsageBody = z.looseObject({
  prompt_tokens: Count,
  completion_tokens: Count,
  total_tokens: Count,
  prompt_cache_hit_tokens: Count,
  prompt_tokens_details: z.looseObject({ cached_tokens: Count, cache_write_tokens: Count }).optional().catch(undefined),
})

const Content = z
  .union([
    z.string(),
    z.array(z.looseObject({ text: z.string().default('').catch('') })).transform((parts) => parts.map((part) => part.text).join('')),
  ])
  .nullish()

const Completion = z.looseObject({
  model: z.string().optional().catch(undefined),
  choices: z
    .array(
      z.looseObject({
        finish_reason: z.string().nullish().catch(undefined),
        message: z.looseObject({ content: Content, refusal: z.string().nullish() }),
      }),
    )
    .min(1),
  usage: UsageBody.optional().catch(undefined),
})

export interface ReadReply {
  text: string
  finish: 'stop' | 'length' | 'refusal' | 'content-filter'
  /** Undefined where the endpoint did not report what the call used, or reported what cannot be. */
  tokens: Tokens | undefined
  model: string | undefined
  completion: Record<string, unknown>
}

/** Reads a response's text as a chat completion; a string says in a few words what it is instead. */
export function readReply(body: string): ReadReply | string {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    return describeText(body)
  }
  const parsed = Completion.safeParse(json)
  const raw = z.record(z.string(), z.unknown()).safeParse(json)
  if (!parsed.success || !raw.success) {
    const [issue] = parsed.error?.issues ?? []
    return `JSON that is not a chat completion (${issue?.path.join('.') || 'the body'}: ${issue?.message ?? 'not an object'})`
  }
  const { choices, model, usage } = parsed.data
  const [choice] = choices
  if (!choice) return 'a chat completion without choices'
  const refusal = choice.message.refusal
  const text = choice.message.content || refusal || ''
  return {
    text,
    finish: finishOf(choice.finish_reason, Boolean(refusal)),
    tokens: usage && tokensOf(usage, text),
    model,
    completion: raw.data,
  }
}

/** What a body that is not JSON looks like, for a message. */
export function describeText(body: string): string {
  if (body.trim() === '') return 'an empty body'
  if (/^\s*<(!doctype|html|head|body)/i.test(body)) {
    const title = /<title[^>]*>([^<]*)</i.exec(body)?.[1]?.trim()
    return title ? `an HTML page ("${title.slice(0, 80)}")` : 'an HTML page'
  }
  return `text that is not JSON ("${body.trim().slice(0, 80)}")`
}

function finishOf(reason: string | null | undefined, hasRefusal: boolean): ReadReply['finish'] {
  if (reason === 'content_filter') return 'content-filter'
  if (hasRefusal) return 'refusal'
  return reason === 'length' ? 'length' : 'stop'
}

/**
 * Prompt tokens include the cached ones: here the classes do not overlap. Undefined where prompt and output cannot both be told, or where one is 0 that cannot be: some
 * servers fill in zeros, and a call that cost something must not count as free.
 */
function tokensOf(usage: z.infer<typeof UsageBody>, text: string): Tokens | undefined {
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total, prompt_tokens_details: details } = usage
  if (prompt === undefined || (completion === undefined && total === undefined)) return undefined
  // Some providers leave the reasoning out of completion_tokens, but bill it as output: the total has it.
  const output = Math.max(completion ?? 0, (total ?? 0) - prompt)
  if (prompt === 0 || (output === 0 && text !== '')) return undefined
  const cacheRead = Math.min(prompt, details?.cached_tokens ?? usage.prompt_cache_hit_tokens ?? 0)
  const cacheWrite = Math.min(prompt - cacheRead, details?.cache_write_tokens ?? 0)
  return { uncachedInput: prompt - cacheRead - cacheWrite, cacheRead, cacheWrite, output }
}
