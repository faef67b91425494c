import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { ApiError } from './api-error.ts'
import type { Completion } from './completion.ts'

const DRIPS = 20

export function sendJson(response: ServerResponse, status: number, value: unknown, headers: Record<string, string> = {}): void {
  const body = JSON.stringify(value)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...headers })
  response.end(body)
}

export function sendError(response: ServerResponse, error: ApiError): void {
  sendJson(response, error.status, error.body, error.headers)
}

/** The body in small pieces over `dripMs`; ends early where the caller goes away. */
export async function dripJson(response: ServerResponse, value: unknown, dripMs: number, gone: AbortSignal): Promise<void> {
  const body = Buffer.from(JSON.stringify(value))
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
  const size = Math.ceil(body.length / DRIPS)
  for (let at = 0; at < body.length && !gone.aborted; at += size) {
    response.write(body.subarray(at, at + size))
    await delay(dripMs / DRIPS)
  }
  response.end()
}

/** Closes the connection before the reply or in the middle of its body. */
export function dropConnection(response: ServerResponse, value: unknown, isMidBody: boolean): void {
  if (!isMidBody) {
    response.destroy()
    return
  }
  const body = Buffer.from(JSON.stringify(value))
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy())
}

/** The completion as server-sent events: per choice what is said and how it ended, then the usage where it is asked for. */
export function sendStream(response: ServerResponse, completion: Completion, includesUsage: boolean): void {
  const { usage, choices, ...rest } = completion
  const head = { ...rest, object: 'chat.completion.chunk' }
  const events: unknown[] = choices.flatMap(({ index, message, finish_reason }) => [
    { ...head, choices: [{ index, delta: message, finish_reason: null }] },
    { ...head, choices: [{ index, delta: {}, finish_reason }] },
  ])
  if (includesUsage) events.push({ ...head, choices: [], usage })
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(`${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')}data: [DONE]\n\n`)
}
