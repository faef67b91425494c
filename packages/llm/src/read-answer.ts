import { announcedLimits } from './announced-limits.ts'
import { findJson } from './find-json.ts'
import { kindOfStatus, mendFor, ModelError, type ModelErrorDetails, type ModelErrorKind } from './model-error.ts'
import { readReply, type ReadReply } from './read-reply.ts'
import type { ModelCall } from './request.ts'
import { retryAfterMs } from './retry-after.ts'
import { refusalOf, type Answer } from './transport.ts'
import { withoutEcho } from './without-echo.ts'

/** Who was asked: what an error's message may name, and what it must not. */
interface Asked {
  role: string
  model: string
  url: URL
  apiKey: string
  timeoutMs: number
  call: ModelCall
}

/** The reply in an endpoint's answer. Throws ModelError for every answer that is none. */
export function readAnswer(answer: Answer, asked: Asked): ReadReply {
  const variables = `TOOLWRIGHT_${asked.role.toUpperCase()}`
  const fail = (kind: ModelErrorKind, what: string, details: ModelErrorDetails = {}, mend = mendFor(kind, variables)) => {
    const told = withoutEcho(withoutSecrets(what, asked.apiKey, asked.url), asked.call)
    return new ModelError(
      `${asked.role} model ${asked.model} at ${asked.url.host}: ${told.replace(/[.;,\s]+$/, '')}; ${mend}`,
      kind,
      details,
    )
  }
  switch (answer.status) {
    case 'ok': {
      const reply = readReply(answer.body)
      if (typeof reply !== 'string') return reply
      throw errorInside(answer.body, fail) ?? fail('unavailable', `it answered with ${reply}`, { statusCode: 200, maybeBilled: true })
    }
    case 'refused': {
      const { statusCode, codes, message, headers } = answer
      throw fail(kindOfStatus(statusCode, codes), `HTTP ${statusCode}${message && `: ${message}`}`, {
        statusCode,
        code: codes[0],
        retryAfterMs: retryAfterMs(headers, Date.now()),
        announced: announcedLimits(headers, Date.now()),
        // A gateway that gave up waiting does not know what became of the call behind it.
        maybeBilled: statusCode === 504,
      })
    }
    case 'timed-out':
      throw fail('timed-out', `no whole reply within ${asked.timeoutMs} ms`, { maybeBilled: true })
    case 'not-sent':
      throw fail(
        'unavailable',
        `it cannot be reached (${answer.code})`,
        { code: answer.code, cause: answer.cause },
        `check ${variables}_BASE_URL (or OPENAI_BASE_URL) and the network, or try again later`,
      )
    case 'dropped':
      throw fail('unavailable', `the connection broke before the whole reply was there${answer.code ? ` (${answer.code})` : ''}`, {
        code: answer.code,
        cause: answer.cause,
        maybeBilled: true,
      })
  }
}

/** Gateways answer 200 with an error inside when the provider behind them failed. */
function errorInside(
  body: string,
  fail: (kind: ModelErrorKind, what: string, details: ModelErrorDetails) => ModelError,
): ModelError | undefined {
  const found = findJson(body)?.value
  if (typeof found !== 'object' || found === null || !('error' in found) || !found.error) return undefined
  const { message, codes } = refusalOf(found.error)
  const statusCode = codes.map(Number).find((code) => code >= 400 && code < 600)
  const kind = statusCode === undefined ? 'unavailable' : kindOfStatus(statusCode, codes)
  return fail(kind, `it answered 200 with an error inside: ${message}`, {
    statusCode: statusCode ?? 200,
    code: codes[0],
    maybeBilled: true,
  })
}

/** What an endpoint says may echo the key it was given, or the URL it was asked at. */
function withoutSecrets(text: string, apiKey: string, baseUrl: URL): string {
  let told = text.replace(/\s+/g, ' ').replace(/:\/\/[^\s/@]+@/g, '://')
  for (const secret of [apiKey, baseUrl.password, decodeURIComponent(baseUrl.password)])
    if (secret.length > 3) told = told.replaceAll(secret, '…')
  told = told.replace(/\b(?:sk|pk|key|gsk|xai)[-_][\w*.-]{6,}/g, '…')
  return told.length > 400 ? `${told.slice(0, 400)}…` : told
}
