import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createChat } from './chat.ts'
import { answerControl, type CurrentSettings } from './control.ts'
import { createHolds } from './holds.ts'
import { ApiError, missingKey, serverError, unavailable, unknownModel, unknownPath, wrongKey } from './protocol/api-error.ts'
import { sendError, sendJson } from './protocol/send.ts'
import { createServed } from './served.ts'
import { overlay, Settings } from './settings.ts'

export interface SimulatorOptions {
  /** A partial settings object over the defaults. */
  settings?: Record<string, unknown>
  /** 0, the default: a free one. */
  port?: number
  /** The IPv4 address to listen on; default: loopback. Whoever reaches it can change its settings. */
  host?: string
  /** Told of errors that are the simulator's own, which the caller sees as 500. */
  onError?: (error: unknown) => void
}

export interface Simulator {
  /** Base of the OpenAI API, ending in `/v1`; as this machine reaches it. */
  url: string
  /** Base of the control endpoints, ending in `/control`. */
  controlUrl: string
  models: { strong: string; light: string }
  /** Closes every connection, held calls included. */
  stop(): Promise<void>
}

/**
 * A stand-in for an OpenAI endpoint with a strong and a light model. What they say is worked out by rule for the sample families
 * and is no model's work; replies say so in `system_fingerprint`. Throws a ZodError for settings that are not right.
 */
export async function startSimulator({
  settings = {},
  port = 0,
  host = '127.0.0.1',
  onError = () => {},
}: SimulatorOptions = {}): Promise<Simulator> {
  const current: CurrentSettings = { now: overlay(Settings.parse({}), settings) }
  const holds = createHolds()
  const served = createServed()
  const chat = createChat({ holds, served })
  let outageCalls = 0

  const route = async (request: IncomingMessage, response: ServerResponse) => {
    const [path = ''] = (request.url ?? '').split('?')
    if (path.startsWith('/control')) return answerControl(request, response, path, { current, holds, served })
    if (current.now.outage) {
      if (outageCalls++ % 2 === 1) throw unavailable()
      served.countCall('unknown', 'unknown', 'dropped')
      response.destroy()
      return
    }
    checkKey(request, current.now)
    if (request.method === 'POST' && path === '/v1/chat/completions') return chat(request, response, current.now)
    if (request.method === 'GET' && path.startsWith('/v1/models')) return sendModels(response, path, current.now)
    throw unknownPath(request.method ?? '', path)
  }

  const server = createServer((request, response) => {
    route(request, response).catch((error: unknown) => {
      if (error instanceof ApiError) served.countCall('unknown', 'unknown', String(error.status))
      else onError(error)
      if (response.headersSent || response.destroyed) response.destroy()
      else sendError(response, error instanceof ApiError ? error : serverError())
    })
  })
  // Longer than clients keep idle connections, or a call could meet one that is just being closed.
  server.keepAliveTimeout = 120_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error(`listening on no port but on ${address}`)
  const base = `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${address.port}`
  return {
    url: `${base}/v1`,
    controlUrl: `${base}/control`,
    models: current.now.models,
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()))
        holds.release()
        server.closeAllConnections()
      }),
  }
}

function checkKey(request: IncomingMessage, { apiKey }: Settings): void {
  const key = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (key === undefined) throw missingKey()
  if (apiKey !== null && key !== apiKey) throw wrongKey(key)
}

function sendModels(response: ServerResponse, path: string, { models }: Settings): void {
  const list = [models.strong, models.light].map((id) => ({ id, object: 'model', created: 0, owned_by: 'toolwright-simulator' }))
  if (path === '/v1/models') return sendJson(response, 200, { object: 'list', data: list })
  const id = decodeURIComponent(path.slice('/v1/models/'.length))
  const found = list.find((model) => model.id === id)
  if (!found) throw unknownModel(id)
  return sendJson(response, 200, found)
}
