import type { Tokens } from '@toolwright/contracts'
import { boundTokens } from './bound.ts'
import { FULL_DIALECT } from './dialect.ts'
import { findJson } from './find-json.ts'
import type { Endpoint, Model, ModelCall, Reply } from './model.ts'
import { requestBody } from './request.ts'

/** A text, parts of a reply (`text` included), or an error to throw. */
export type ScriptedReply = string | Partial<Reply> | Error

export interface ScriptedModel extends Model {
  /** The calls so far, oldest first. */
  readonly calls: ModelCall[]
}

const NO_TOKENS: Tokens = { uncachedInput: 0, cacheRead: 0, cacheWrite: 0, output: 0 }

/**
 * A model for unit tests that says what it is told to: one reply per call in order, or what a function makes of each call. A call beyond the script fails the test.
 * Prices are unknown and usage is zero unless a reply says otherwise.
 */
export function scriptedModel(
  script: ScriptedReply[] | ((call: ModelCall) => ScriptedReply),
  endpoint: Partial<Endpoint> = {},
): ScriptedModel {
  const calls: ModelCall[] = []
  const full: Endpoint = {
    role: 'strong',
    baseUrl: 'http://scripted.invalid/v1',
    apiKey: 'none',
    model: 'scripted',
    timeoutMs: 1000,
    ...endpoint,
  }
  return {
    endpoint: full,
    calls,
    async complete(call, signal) {
      signal?.throwIfAborted()
      calls.push(call)
      const scripted = typeof script === 'function' ? script(call) : script[calls.length - 1]
      if (scripted === undefined)
        throw new Error(`the script has no reply for call ${calls.length}: ${JSON.stringify(call.messages.at(-1))}`)
      if (scripted instanceof Error) throw scripted
      return replyOf(typeof scripted === 'string' ? { text: scripted } : scripted, call, full.model)
    },
    bound(call) {
      return {
        tokens: boundTokens(requestBody(full.model, call, FULL_DIALECT, { object: '{{schema}}', fenced: '{{schema}}' })),
        costNano: null,
      }
    },
    costOf: () => null,
  }
}

function replyOf(parts: Partial<Reply>, call: ModelCall, model: string): Reply {
  const text = parts.text ?? ''
  const found = call.schema ? findJson(text) : undefined
  const finish = parts.finish ?? 'stop'
  return {
    text,
    value: found?.value,
    valueText: found?.text,
    finish,
    tokens: NO_TOKENS,
    costNano: null,
    price: 'unknown',
    model,
    completion: {
      object: 'chat.completion',
      model,
      choices: [{ index: 0, finish_reason: finish, message: { role: 'assistant', content: text } }],
    },
    announced: {},
    latencyMs: 0,
    ...parts,
  }
}
