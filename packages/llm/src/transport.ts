import OpenAI, { APIConnectionTimeoutError, APIError } from 'openai'
import { z } from 'zod'
import { describeText } from './read-reply.ts'

/** What came of sending one request. `code` of the last two is the system's. */
export type Answer =
  | { status: 'ok'; headers: Headers; body: string }
  | { status: 'refused'; statusCode: number; headers: Headers; message: string; codes: string[]; param: string }
  | { status: 'timed-out' }
  | { status: 'not-sent'; code: string | undefined; cause: unknown }
  | { status: 'dropped'; code: string | undefined; cause: unknown }

export type Send = (body: Record<string, unknown>, signal?: AbortSignal) => Promise<Answer>

/**
 * Opens the way to an endpoint's chat completions. Each request is sent once: trying again is the queue's.
 * User and password in `baseUrl` become basic authentication, its query is sent along. `timeoutMs` is for the whole answer, from sending to its last byte.
 * A sent request throws only what `signal` was aborted with.
 */
export function openTransport(baseUrl: URL, apiKey: string, timeoutMs: number): Send {
  const client = openClient(baseUrl, apiKey)
  return async (body, signal) => {
    // Not AbortSignal.timeout, which stays until its time, long after the reply.
    const clock = new AbortController()
    const timer = setTimeout(() => clock.abort(), timeoutMs)
    try {
      const response = await client
        .post('/chat/completions', {
          body,
          signal: signal ? AbortSignal.any([signal, clock.signal]) : clock.signal,
          timeout: timeoutMs + 1000,
        })
        .asResponse()
      return { status: 'ok', headers: response.headers, body: await response.text() }
    } catch (error) {
      signal?.throwIfAborted()
      if (clock.signal.aborted) return { status: 'timed-out' }
      return answerOf(error)
    } finally {
      clearTimeout(timer)
    }
  }
}

function openClient(baseUrl: URL, apiKey: string): OpenAI {
  const login = baseUrl.username === '' ? undefined : `${decodeURIComponent(baseUrl.username)}:${decodeURIComponent(baseUrl.password)}`
  const basic = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`
  return new OpenAI({
    baseURL: `${baseUrl.origin}${baseUrl.pathname}`.replace(/\/+$/, ''),
    defaultQuery: Object.fromEntries(baseUrl.searchParams),
    // A local server may want no key at all; the client insists on one.
    apiKey: apiKey === '' ? 'none' : apiKey,
    defaultHeaders: basic === undefined ? (apiKey === '' ? { Authorization: null } : {}) : { Authorization: basic },
    maxRetries: 0,
    // The client would take these from the environment, which only an app's main reads.
    organization: null,
    project: null,
    adminAPIKey: null,
    logLevel: 'off',
    fetch: fetchWithOneErrorForm,
  })
}

/** Error bodies come in many forms, and the client keeps only `{"error": {…}}`: all others are brought to it, so that no message is lost. */
async function fetchWithOneErrorForm(input: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(input, init)
  if (response.ok) return response
  const error = errorBodyOf(await response.text())
  return new Response(JSON.stringify({ error }), { status: response.status, headers: response.headers })
}

const ErrorBody = z.looseObject({ message: z.string() })
const ForeignErrorBody = z.looseObject({ error: z.unknown(), detail: z.unknown(), message: z.unknown() })

function errorBodyOf(text: string): { message: string; [key: string]: unknown } {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return { message: describeText(text) }
  }
  const { error, detail, message } = ForeignErrorBody.partial().safeParse(json).data ?? {}
  const standard = ErrorBody.safeParse(error)
  if (standard.success) return standard.data
  const topLevel = ErrorBody.safeParse(json)
  if (topLevel.success) return topLevel.data
  const told = error ?? detail ?? message ?? json
  return { message: typeof told === 'string' ? told : JSON.stringify(told) }
}

const ErrorFields = z.object({
  message: z.string().catch(''),
  code: z
    .union([z.string(), z.number().transform(String)])
    .optional()
    .catch(undefined),
  type: z.string().min(1).optional().catch(undefined),
  param: z.string().optional().catch(undefined),
})

function answerOf(error: unknown): Answer {
  if (error instanceof APIError && error.status !== undefined && error.headers) {
    return { status: 'refused', statusCode: error.status, headers: error.headers, ...refusalOf(error.error) }
  }
  const code = systemCodeOf(error)
  if (code !== undefined && isBeforeSending(code)) return { status: 'not-sent', code, cause: error }
  if (error instanceof APIConnectionTimeoutError) return { status: 'timed-out' }
  return { status: 'dropped', code, cause: error }
}

/** What an error body says of itself. `codes` are its code and type, whichever there are. */
export function refusalOf(body: unknown): { message: string; codes: string[]; param: string } {
  const fields = ErrorFields.safeParse(body).data
  const codes = [fields?.code, fields?.type].filter((code) => code !== undefined)
  return { message: fields?.message ?? '', codes, param: fields?.param ?? '' }
}

/** The first code of the system's or the HTTP client's along the chain of causes. */
function systemCodeOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') {
      const isConnecting = 'syscall' in at && at.syscall === 'connect'
      return at.code === 'ETIMEDOUT' && isConnecting ? 'UND_ERR_CONNECT_TIMEOUT' : at.code
    }
  }
  return undefined
}

function isBeforeSending(code: string): boolean {
  return (
    ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'UND_ERR_CONNECT_TIMEOUT'].includes(code) ||
    /CERT|TLS|SSL/.test(code)
  )
}
