import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { hashOf, type Role } from '@toolwright/contracts'
import type { Holds } from './holds.ts'
import { createModel } from './play/model.ts'
import { ApiError, unknownModel } from './protocol/api-error.ts'
import { checkResponseFormat, parseChatRequest, turnsOf } from './protocol/chat-request.ts'
import { complete, type Completion } from './protocol/completion.ts'
import { createFaults } from './protocol/faults.ts'
import { createRateLimits } from './protocol/rate-limits.ts'
import { readBody } from './protocol/read-body.ts'
import { dripJson, dropConnection, sendError, sendJson, sendStream } from './protocol/send.ts'
import { loadTokens, type Tokens } from './protocol/tokens.ts'
import type { Served } from './served.ts'
import type { Settings } from './settings.ts'

/** Answers `POST /v1/chat/completions` and counts the call. Throws an ApiError, not yet counted, where it cannot tell what is asked of whom. */
export type Chat = (request: IncomingMessage, response: ServerResponse, settings: Settings) => Promise<void>

export function createChat({ holds, served }: { holds: Holds; served: Served }): Chat {
  const model = createModel()
  const faults = createFaults()
  const rateLimits = createRateLimits()
  let tokens: Promise<Tokens> | null = null

  return async (incoming, response, settings) => {
    const body = await readBody(incoming)
    const gone = goneSignal(response)
    const request = parseChatRequest(body)
    const turns = turnsOf(request)
    const role = roleOf(request.model, settings)
    const play = model(turns)
    const count = served.callBegins(role, play.asked)
    const refuse = (error: unknown) => {
      if (!(error instanceof ApiError)) throw error
      count(String(error.status))
      sendError(response, error)
    }

    const { fault, random } = faults.meet(settings, request.model, hashOf(body))
    try {
      if (fault.kind === 'error') throw fault.error
      checkResponseFormat(request, turns, settings)
    } catch (error) {
      return refuse(error)
    }

    tokens ??= loadTokens()
    const completion = complete({ request, turns, play, role, settings, fault, random, tokens: await tokens })
    try {
      for (const [name, value] of Object.entries(rateLimits.admit(settings, request, completion.usage))) response.setHeader(name, value)
    } catch (error) {
      return refuse(error)
    }
    await holds.wait({ asked: play.asked, role, family: play.family }, gone)
    await delayFor(completion, settings, random.next(), gone)
    if (gone.aborted) return count('gone')

    const { prompt_tokens, completion_tokens, prompt_tokens_details } = completion.usage
    served.countTokens(request.model, { prompt: prompt_tokens, cached: prompt_tokens_details.cached_tokens, completion: completion_tokens })
    count(fault.kind === 'droppedConnection' ? 'dropped' : '200')
    if (fault.kind === 'droppedConnection') return dropConnection(response, completion, random.chance(0.5))
    if (fault.kind === 'slowDrip') return dripJson(response, completion, settings.faults.dripMs, gone)
    if (request.stream) return sendStream(response, completion, request.stream_options?.include_usage === true)
    return sendJson(response, 200, completion, { 'x-request-id': completion.id })
  }
}

function roleOf(name: string, { models }: Settings): Role {
  if (name === models.strong) return 'strong'
  if (name === models.light) return 'light'
  throw unknownModel(name)
}

/** Aborts when the caller closes the connection before the reply is sent. */
function goneSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  // It may be gone before its request was read.
  if (response.destroyed) controller.abort()
  response.once('close', () => {
    if (!response.writableEnded) controller.abort()
  })
  return controller.signal
}

async function delayFor({ usage }: Completion, { latency }: Settings, draw: number, gone: AbortSignal): Promise<void> {
  const plainMs = latency.baseMs + latency.perOutputTokenMs * usage.completion_tokens
  if (plainMs === 0 || gone.aborted) return
  await Promise.race([
    delay(plainMs * (1 + latency.jitter * (2 * draw - 1))),
    new Promise((resolve) => gone.addEventListener('abort', resolve, { once: true })),
  ])
}
