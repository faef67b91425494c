import type { Settings } from '../settings.ts'
import { overLimit } from './api-error.ts'
import type { Completion } from './completion.ts'
import type { ChatRequest } from './chat-request.ts'

type Limits = NonNullable<Settings['limits']>

/** Limits on requests and tokens, per model, as a provider keeps them: no window, however laid, has more. */
export interface RateLimits {
  /** Lets the call through, and returns the headers that its reply has; throws the API's 429 where it is one too many. A call that is refused does not count. */
  admit(settings: Settings, request: ChatRequest, usage: Completion['usage']): Record<string, string>
}

interface Admitted {
  at: number
  tokens: number
}

export function createRateLimits(): RateLimits {
  const admitted = new Map<string, Admitted[]>()
  return {
    admit({ limits }, request, usage) {
      if (limits === null) return {}
      const now = performance.now()
      const windowMs = limits.windowSeconds * 1000
      const calls = (admitted.get(request.model) ?? []).filter(({ at }) => at > now - windowMs)
      admitted.set(request.model, calls)
      const tokens = tokensOf(limits, request, usage)
      const used = calls.reduce((sum, call) => sum + call.tokens, 0)
      const refuse = (what: 'requests' | 'tokens', freeMs: number) =>
        overLimit(request.model, what, Math.max(1, Math.ceil(freeMs)), headersOf(limits, calls, used, now))
      if (limits.requests !== null && calls.length >= limits.requests) throw refuse('requests', (calls[0]?.at ?? now) + windowMs - now)
      if (limits.tokens !== null && used + tokens > limits.tokens)
        throw refuse('tokens', freeIn(calls, used + tokens - limits.tokens) + windowMs - now)
      calls.push({ at: now, tokens })
      return headersOf(limits, calls, used + tokens, now)
    },
  }
}

function tokensOf({ counts }: Limits, request: ChatRequest, usage: Completion['usage']): number {
  if (counts === 'used') return usage.total_tokens
  return usage.prompt_tokens + (request.max_completion_tokens ?? request.max_tokens ?? usage.completion_tokens) * (request.n ?? 1)
}

/** When the calls began that have so many tokens together, the oldest first. */
function freeIn(calls: Admitted[], tokens: number): number {
  let left = tokens
  for (const call of calls) if ((left -= call.tokens) <= 0) return call.at
  return calls.at(-1)?.at ?? performance.now()
}

function headersOf(limits: Limits, calls: Admitted[], used: number, now: number): Record<string, string> {
  if (!limits.announced) return {}
  const windowMs = limits.windowSeconds * 1000
  const reset = duration(Math.max(0, (calls.at(-1)?.at ?? now - windowMs) + windowMs - now))
  const headers = (what: string, limit: number | null, gone: number) =>
    limit === null
      ? {}
      : {
          [`x-ratelimit-limit-${what}`]: String(limit),
          [`x-ratelimit-remaining-${what}`]: String(Math.max(0, limit - gone)),
          [`x-ratelimit-reset-${what}`]: reset,
        }
  return {
    ...headers('requests', limits.requests, calls.length),
    ...headers('tokens', limits.tokens, used),
    ...(limits.windowSeconds !== 60 && { 'ratelimit-policy': `${limits.requests ?? limits.tokens};w=${limits.windowSeconds}` }),
  }
}

/** As the API writes it: `6m0s`, `1.5s`, `120ms`. */
function duration(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`
  const minutes = Math.floor(ms / 60_000)
  return `${minutes > 0 ? `${minutes}m` : ''}${Number(((ms % 60_000) / 1000).toFixed(3))}s`
}
