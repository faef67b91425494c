import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Holds } from './holds.ts'
import { badRequest, unknownPath } from './protocol/api-error.ts'
import { readBody } from './protocol/read-body.ts'
import { sendJson } from './protocol/send.ts'
import type { Served } from './served.ts'
import { Asked, overlay, type Settings } from './settings.ts'

const HoldOrder = z.strictObject({
  purpose: Asked.optional(),
  role: z.enum(['strong', 'light']).optional(),
  family: z.string().optional(),
  count: z.int().positive().optional(),
})

/** The settings now in force; replaced as a whole. */
export interface CurrentSettings {
  now: Settings
}

/** The simulator's own endpoints, outside /v1: settings, what was served, and holding calls. They need no key and are never faulty. */
export async function answerControl(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  { current, holds, served }: { current: CurrentSettings; holds: Holds; served: Served },
): Promise<void> {
  switch (`${request.method} ${path}`) {
    case 'GET /control':
      return sendJson(response, 200, current.now)
    case 'POST /control': {
      const partial = parse(z.record(z.string(), z.unknown()), await readBody(request))
      current.now = checked(() => overlay(current.now, partial))
      return sendJson(response, 200, current.now)
    }
    case 'GET /control/served':
      return sendJson(response, 200, served.report())
    case 'POST /control/hold':
      holds.add(parse(HoldOrder, await readBody(request)))
      return sendJson(response, 200, holds.held())
    case 'POST /control/release':
      holds.release()
      return sendJson(response, 200, holds.held())
    case 'GET /control/held':
      return sendJson(response, 200, holds.held())
    default:
      throw unknownPath(request.method ?? '', path)
  }
}

function parse<S extends z.ZodType>(schema: S, body: string): z.infer<S> {
  return checked(() => schema.parse(JSON.parse(body === '' ? '{}' : body)))
}

function checked<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof z.ZodError) throw badRequest(z.prettifyError(error))
    if (error instanceof SyntaxError) throw badRequest(error.message)
    throw error
  }
}
