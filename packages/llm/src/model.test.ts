import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ModelError } from './model-error.ts'
import { openModel, type Endpoint, type Model } from './model.ts'
import { openPrices } from './prices.ts'
import type { ModelCall } from './request.ts'

const Body = z.looseObject({
  messages: z.array(z.looseObject({ content: z.unknown() })),
  response_format: z.looseObject({ type: z.string() }).optional(),
})
type Body = z.infer<typeof Body>
interface Seen {
  url: string
  authorization: string | undefined
  body: Body
}
type Handler = (request: Seen, response: ServerResponse, nth: number) => void

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

const folder = mkdtempSync(join(tmpdir(), 'toolwright-model-'))
afterAll(() => rmSync(folder, { recursive: true }))
/** These endpoints are on this machine, where the list's prices do not hold. */
const PRICES = join(folder, 'prices.json')
writeFileSync(
  PRICES,
  JSON.stringify({ version: '1', models: { 'gpt-4o-mini': { input_mtok: '0.15', output_mtok: '0.60', cache_read_mtok: '0.075' } } }),
)

const KEY = 'sk-test-0123456789abcdef'
const CALL: ModelCall = { messages: [{ role: 'user', content: 'Sort: b a' }], maxTokens: 50 }
const SCHEMA = { name: 'call', schema: { type: 'object', properties: { a: { type: 'integer' } } } }

/** A real HTTP server that plays the endpoint. */
async function endpoint(handler: Handler, settings: Partial<Endpoint> = {}): Promise<{ model: Model; seen: Seen[]; port: number }> {
  const seen: Seen[] = []
  const server = createServer((request: IncomingMessage, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (part: string) => (text += part))
    request.on('end', () => {
      const one = { url: request.url ?? '', authorization: request.headers.authorization, body: Body.parse(JSON.parse(text)) }
      seen.push(one)
      handler(one, response, seen.length)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  )
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('expected a TCP address')
  const { port } = address
  const full: Endpoint = {
    role: 'strong',
    baseUrl: `http://127.0.0.1:${port}/v1`,
    apiKey: KEY,
    model: 'gpt-4o-mini',
    timeoutMs: 5000,
    ...settings,
  }
  return { model: openModel(full, openPrices(PRICES)), seen, port }
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

function completion(content: unknown, changes: { choice?: object; message?: object; usage?: unknown } = {}): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    model: 'gpt-4o-mini-2024-07-18',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content, ...changes.message }, ...changes.choice }],
    usage: 'usage' in changes ? changes.usage : { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
  }
}

const refusing = (message: string, fields: object = {}) => ({
  error: { message, type: 'invalid_request_error', code: null, param: null, ...fields },
})

async function failure(model: Model, call: ModelCall = CALL): Promise<ModelError> {
  const error: unknown = await model.complete(call).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof ModelError) return error
  throw new Error(`expected a ModelError, got ${String(error)}`)
}

describe('a call that succeeds', () => {
  test('sends what was asked and returns text, tokens, cost and the raw completion', async () => {
    const { model, seen } = await endpoint((_, response) => send(response, 200, completion('a b')))
    const reply = await model.complete({ ...CALL, temperature: 0, seed: 7 })
    expect(seen).toEqual([
      {
        url: '/v1/chat/completions',
        authorization: `Bearer ${KEY}`,
        body: { model: 'gpt-4o-mini', messages: CALL.messages, temperature: 0, seed: 7, max_completion_tokens: 50 },
      },
    ])
    expect(reply).toMatchObject({
      text: 'a b',
      value: undefined,
      finish: 'stop',
      tokens: { uncachedInput: 100, cacheRead: 0, cacheWrite: 0, output: 10 },
      // 100 x 0.15 + 10 x 0.60 dollars per million tokens
      costNano: 21_000,
      model: 'gpt-4o-mini-2024-07-18',
    })
    expect(reply.price).toBe('price file 1: gpt-4o-mini')
    expect(reply.completion).toEqual(completion('a b'))
    expect(reply.latencyMs).toBeGreaterThanOrEqual(0)
  })

  test.each([
    [
      'cached tokens',
      { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110, prompt_tokens_details: { cached_tokens: 80 } },
      [20, 80, 0, 10],
    ],
    [
      'cache writes',
      { prompt_tokens: 100, completion_tokens: 10, prompt_tokens_details: { cached_tokens: 60, cache_write_tokens: 30 } },
      [10, 60, 30, 10],
    ],
    ['details that are null', { prompt_tokens: 100, completion_tokens: 10, prompt_tokens_details: null }, [100, 0, 0, 10]],
    ['more cached than sent', { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 20 } }, [0, 10, 0, 1]],
    ['a total instead of the output', { prompt_tokens: 100, total_tokens: 110 }, [100, 0, 0, 10]],
    ['a total that is none', { prompt_tokens: 100, completion_tokens: 10, total_tokens: null }, [100, 0, 0, 10]],
    ['reasoning outside completion_tokens', { prompt_tokens: 100, completion_tokens: 10, total_tokens: 150 }, [100, 0, 0, 50]],
  ])('splits usage into classes that do not overlap: %s', async (_, usage, [uncachedInput, cacheRead, cacheWrite, output]) => {
    const { model } = await endpoint((__, response) => send(response, 200, completion('x', { usage })))
    expect((await model.complete(CALL)).tokens).toEqual({ uncachedInput, cacheRead, cacheWrite, output })
  })

  test.each([
    ['no usage', undefined],
    ['null', null],
    ['an empty object', {}],
    ['only a total', { total_tokens: 110 }],
    ['only the prompt', { prompt_tokens: 100 }],
    ['only the output', { completion_tokens: 10, total_tokens: 110 }],
    ['zeros', { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }],
    ['no output for a text', { prompt_tokens: 100, completion_tokens: 0, total_tokens: 100 }],
    ['numbers that are none', { prompt_tokens: '100', completion_tokens: -1 }],
  ])('does not know what a call cost that reports %s', async (_, usage) => {
    const { model } = await endpoint((__, response) => send(response, 200, completion('x', { usage })))
    expect(await model.complete(CALL)).toMatchObject({
      tokens: { uncachedInput: 0, cacheRead: 0, cacheWrite: 0, output: 0 },
      costNano: null,
      price: 'unknown: the endpoint reported no usage',
    })
  })

  test.each([
    ['cut off', completion('a b', { choice: { finish_reason: 'length' } }), 'length', 'a b'],
    ['filtered', completion('', { choice: { finish_reason: 'content_filter' } }), 'content-filter', ''],
    ['refused', completion(null, { message: { refusal: 'I cannot help with that.' } }), 'refusal', 'I cannot help with that.'],
    [
      'in parts',
      completion([
        { type: 'text', text: 'a ' },
        { type: 'text', text: 'b' },
      ]),
      'stop',
      'a b',
    ],
  ])('tells how a reply ended: %s', async (_, body, finish, text) => {
    const { model } = await endpoint((__, response) => send(response, 200, body))
    expect(await model.complete(CALL)).toMatchObject({ finish, text })
  })

  test('leaves the cost of an unknown model unknown', async () => {
    const { model } = await endpoint((_, response) => send(response, 200, { ...completion('x'), model: undefined }), { model: 'simulated' })
    expect(await model.complete(CALL)).toMatchObject({ costNano: null, price: 'unknown', model: 'simulated' })
    expect(model.bound(CALL).costNano).toBeNull()
  })

  test('leaves the cost of a model on a host of your own unknown, whatever the endpoint calls it', async () => {
    const { model } = await endpoint((_, response) => send(response, 200, { ...completion('x'), model: 'gpt-4o' }), { model: 'gpt-4o' })
    const reply = await model.complete(CALL)
    expect([reply.costNano, reply.price]).toEqual([
      null,
      expect.stringMatching(/^unknown: .*; what it costs at 127\.0\.0\.1, a host of your own/),
    ])
    expect(model.bound(CALL).costNano).toBeNull()
  })

  test("sends a user's own body unchanged but for model, limit and streaming", async () => {
    const { model, seen } = await endpoint((_, response) => send(response, 200, completion('x')))
    const body = {
      model: 'theirs',
      n: 2,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'hi' }] }],
      temperature: 1,
      stream: true,
    }
    await model.complete({ messages: [], maxTokens: 9, body })
    await model.complete({ messages: [], maxTokens: 9, body: { ...body, max_tokens: 5 } })
    const { stream: _, ...rest } = body
    expect(seen.map((one) => one.body)).toEqual([
      { ...rest, model: 'gpt-4o-mini', max_completion_tokens: 9 },
      { ...rest, model: 'gpt-4o-mini', max_tokens: 5 },
    ])
  })

  test('turns a login in the base URL into basic authentication, and keeps its query', async () => {
    const first = await endpoint((_, response) => send(response, 200, completion('x')))
    const model = openModel(
      { ...first.model.endpoint, baseUrl: `http://me:p%40ss@127.0.0.1:${first.port}/v1/?api-version=2` },
      openPrices(),
    )
    await model.complete(CALL)
    expect(first.seen[0]).toMatchObject({
      url: '/v1/chat/completions?api-version=2',
      authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}`,
    })
  })

  test('sends no key where there is none', async () => {
    const { model, seen } = await endpoint((_, response) => send(response, 200, completion('x')), { apiKey: '' })
    await model.complete(CALL)
    expect(seen[0]?.authorization).toBeUndefined()
  })
})

describe('structured output', () => {
  const call = { ...CALL, messages: [{ role: 'system' as const, content: 'Be brief.' }, ...CALL.messages], schema: SCHEMA }

  test('asks by json_schema and returns the parsed value', async () => {
    const { model, seen } = await endpoint((_, response) => send(response, 200, completion('{"a": 1.0}')))
    expect(await model.complete(call)).toMatchObject({ value: { a: 1 }, valueText: '{"a": 1.0}' })
    expect(seen[0]?.body.response_format).toEqual({
      type: 'json_schema',
      json_schema: { name: 'call', strict: true, schema: SCHEMA.schema },
    })
    expect(seen[0]?.body.messages).toEqual(call.messages)
  })

  test('finds the value where json_schema is accepted and ignored', async () => {
    const { model } = await endpoint((_, response) => send(response, 200, completion('Sure!\n```json\n{"a": 2}\n```\nAnything else?')))
    expect((await model.complete(call)).value).toEqual({ a: 2 })
  })

  test('has no value where the reply holds no JSON', async () => {
    const { model } = await endpoint((_, response) => send(response, 200, completion('I would say two.')))
    expect(await model.complete(call)).toMatchObject({ value: undefined, valueText: undefined })
  })

  test('climbs down to json_object and to text, and remembers', async () => {
    const { model, seen } = await endpoint(({ body }, response) => {
      if (!('response_format' in body)) send(response, 200, completion('```json\n{"a": 3}\n```'))
      else if (body.response_format?.type === 'json_schema') send(response, 400, refusing('no', { param: 'response_format' }))
      else send(response, 422, { detail: [{ loc: ['body', 'response_format'], msg: 'extra fields not permitted' }] })
    })
    expect((await model.complete(call)).value).toEqual({ a: 3 })
    expect((await model.complete(call)).value).toEqual({ a: 3 })
    expect(seen.map((one) => one.body.response_format?.type)).toEqual(['json_schema', 'json_object', undefined, undefined])
    expect(seen[3]?.body.messages).toMatchInlineSnapshot(`
      [
        {
          "content": "Be brief.

      Reply with one JSON object in a code block: a line \`\`\`json, the object, a line \`\`\`. The object must fit this JSON schema:

      {"type":"object","properties":{"a":{"type":"integer"}}}",
          "role": "system",
        },
        {
          "content": "Sort: b a",
          "role": "user",
        },
      ]
    `)
    expect(seen[1]?.body.messages[0]?.content).toMatchInlineSnapshot(`
      "Be brief.

      Reply with one JSON object and nothing else: no text before or after it. The object must fit this JSON schema:

      {"type":"object","properties":{"a":{"type":"integer"}}}"
    `)
  })

  test('gives up json_schema for one schema only when that schema is what is wrong', async () => {
    const { model, seen } = await endpoint(({ body }, response) => {
      const isRefused = JSON.stringify(body).includes('"bad"')
      if (isRefused) send(response, 400, refusing("Invalid schema for response_format 'call'", { param: 'response_format' }))
      else send(response, 200, completion('{}'))
    })
    const bad = { ...call, schema: { name: 'call', schema: { bad: true } } }
    for (const one of [bad, call, bad]) await model.complete(one)
    expect(seen.map((one) => one.body.response_format?.type)).toEqual(['json_schema', 'json_object', 'json_schema', 'json_object'])
  })

  test('learns nothing from a refusal that other words do not mend', async () => {
    const { model, seen } = await endpoint((_, response, nth) => {
      if (nth <= 3) send(response, 400, refusing('response_format is not the matter here'))
      else send(response, 200, completion('{}'))
    })
    expect((await failure(model, call)).kind).toBe('rejected')
    await model.complete(call)
    expect(seen.map((one) => one.body.response_format?.type)).toEqual(['json_schema', 'json_object', undefined, 'json_schema'])
  })
})

describe('an endpoint that does not know a parameter', () => {
  test('gets max_tokens instead of max_completion_tokens from then on', async () => {
    const { model, seen } = await endpoint(({ body }, response) => {
      if ('max_completion_tokens' in body) send(response, 400, refusing('Unrecognized request argument supplied: max_completion_tokens'))
      else send(response, 200, completion('x'))
    })
    await model.complete(CALL)
    await model.complete(CALL)
    expect(seen.map((one) => [one.body['max_completion_tokens'], one.body['max_tokens']])).toEqual([
      [50, undefined],
      [undefined, 50],
      [undefined, 50],
    ])
  })

  test('is not asked under another name when the limit is too large', async () => {
    const { model, seen } = await endpoint((_, response) =>
      send(
        response,
        400,
        refusing('max_completion_tokens is too large: 50. This model supports at most 9.', { param: 'max_completion_tokens' }),
      ),
    )
    expect(await failure(model)).toMatchObject({ kind: 'rejected', isRetryable: false })
    expect(seen).toHaveLength(1)
  })

  test.each(['temperature', 'seed'] as const)('gets no %s from then on', async (name) => {
    const { model, seen } = await endpoint(({ body }, response) => {
      if (name in body) send(response, 400, refusing('Unsupported value', { param: name, code: 'unsupported_value' }))
      else send(response, 200, completion('x'))
    })
    await model.complete({ ...CALL, temperature: 0.3, seed: 1 })
    await model.complete({ ...CALL, temperature: 0.3, seed: 1 })
    expect(seen.map((one) => name in one.body)).toEqual([true, false, false])
  })

  test("has a user's own body refused rather than changed", async () => {
    const { model, seen } = await endpoint((_, response) => send(response, 400, refusing('no', { param: 'temperature' })))
    const error = await failure(model, { messages: [], maxTokens: 9, body: { messages: [], temperature: 2 } })
    expect(error.kind).toBe('rejected')
    expect(seen).toHaveLength(1)
  })
})

describe('errors', () => {
  test.each([
    [400, refusing('bad'), 'rejected', false],
    [401, refusing('Incorrect API key', { code: 'invalid_api_key' }), 'credentials', false],
    [402, refusing('Insufficient balance'), 'quota', false],
    [403, refusing('Country not supported'), 'credentials', false],
    [404, refusing('The model does not exist', { code: 'model_not_found' }), 'no-model', false],
    [408, refusing('slow'), 'unavailable', true],
    [409, refusing('conflict'), 'unavailable', true],
    [422, { detail: 'unprocessable' }, 'rejected', false],
    [429, refusing('Slow down', { code: 'rate_limit_exceeded' }), 'rate-limited', true],
    [429, refusing('You exceeded your current quota', { code: 'insufficient_quota' }), 'quota', false],
    [429, refusing('You exceeded your current quota', { type: 'insufficient_quota' }), 'quota', false],
    [500, refusing('oops'), 'unavailable', true],
    [502, '<html><head><title>Bad Gateway</title></head></html>', 'unavailable', true],
    [503, '', 'unavailable', true],
    [504, refusing('upstream'), 'unavailable', true],
  ])('HTTP %i %j is %s', async (statusCode, body, kind, isRetryable) => {
    const { model, seen } = await endpoint((_, response) => send(response, statusCode, body))
    expect(await failure(model)).toMatchObject({ kind, isRetryable, statusCode, maybeBilled: statusCode === 504 })
    expect(seen).toHaveLength(1)
  })

  test('names role, model, host and what to do, and no secret', async () => {
    const { model, port } = await endpoint((_, response) =>
      send(response, 401, refusing(`Incorrect API key provided: ${KEY}. See http://u:hunter22@host/x or sk-other-123456`)),
    )
    expect((await failure(model)).message).toBe(
      `strong model gpt-4o-mini at 127.0.0.1:${port}: HTTP 401: Incorrect API key provided: …. See http://host/x or …; ` +
        'check TOOLWRIGHT_STRONG_API_KEY (or OPENAI_API_KEY) and what the key may use',
    )
  })

  test.each([
    ['{"error": "model \\"x\\" not found"}', 'HTTP 404: model "x" not found;'],
    ['{"object": "error", "message": "The model `x` does not exist.", "code": 404}', 'HTTP 404: The model `x` does not exist;'],
    ['{"detail": [{"msg": "field required"}]}', 'HTTP 404: [{"msg":"field required"}];'],
    ['<!doctype html><title>Not here</title>', 'HTTP 404: an HTML page ("Not here");'],
  ])('keeps what an error body says: %s', async (body, told) => {
    const { model } = await endpoint((_, response) => send(response, 404, body))
    expect((await failure(model)).message).toContain(told)
  })

  test.each([
    [{ 'retry-after': '120' }, 120_000],
    [{ 'retry-after': '0.25' }, 250],
    [{ 'retry-after': '3', 'retry-after-ms': '1500' }, 1500],
    [{ 'retry-after': 'Fri, 20 Nov 2026 10:10:00 GMT', date: 'Fri, 20 Nov 2026 10:00:00 GMT' }, 600_000],
    [{ 'retry-after': 'Fri, 20 Nov 2026 09:00:00 GMT', date: 'Fri, 20 Nov 2026 10:00:00 GMT' }, undefined],
    [{ 'retry-after': '0' }, undefined],
    [{ 'retry-after': '-1' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('reads %j in full', async (headers: Record<string, string>, retryAfterMs) => {
    const { model } = await endpoint((_, response) => send(response, 429, refusing('Slow down'), headers))
    expect((await failure(model)).retryAfterMs).toBe(retryAfterMs)
  })

  test.each([
    ['HTML', '<!DOCTYPE html><title>Sign in</title>', 'an HTML page ("Sign in")'],
    ['plain text', 'ok', 'text that is not JSON ("ok")'],
    ['nothing', '', 'an empty body'],
    ['no choices', { ...completion('x'), choices: [] }, 'JSON that is not a chat completion (choices:'],
    ['other JSON', { hello: 1 }, 'JSON that is not a chat completion (choices:'],
    ['an error inside', { error: { message: 'Provider returned error', code: 502 } }, '200 with an error inside: Provider returned error'],
  ])('takes a 200 with %s as unavailable', async (_, body, told) => {
    const { model } = await endpoint((__, response) => send(response, 200, body))
    const error = await failure(model)
    expect(error).toMatchObject({ kind: 'unavailable', isRetryable: true, maybeBilled: true })
    expect(error.message).toContain(told)
  })

  test('times out, maybe billed, when no answer comes', async () => {
    const { model } = await endpoint(() => {}, { timeoutMs: 60 })
    expect(await failure(model)).toMatchObject({ kind: 'timed-out', isRetryable: true, maybeBilled: true })
  })

  test.each([200, 500])('times out on an answer that drips (HTTP %i)', async (status) => {
    const { model } = await endpoint(
      (_, response) => {
        response.writeHead(status, { 'content-type': 'application/json' })
        const drip = setInterval(() => response.write(' '), 10)
        response.on('close', () => clearInterval(drip))
      },
      { timeoutMs: 80 },
    )
    expect(await failure(model)).toMatchObject({ kind: 'timed-out', maybeBilled: true })
  })

  test('is unavailable, maybe billed, when the connection drops before the reply', async () => {
    const { model } = await endpoint((_, response) => response.destroy())
    expect(await failure(model)).toMatchObject({ kind: 'unavailable', isRetryable: true, maybeBilled: true, statusCode: undefined })
  })

  test('is unavailable, maybe billed, when the connection drops in the middle of the reply', async () => {
    const { model } = await endpoint((_, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('{"id":', () => response.destroy())
    })
    expect(await failure(model)).toMatchObject({ kind: 'unavailable', maybeBilled: true })
  })

  test('is unavailable, not billed, when nothing listens', async () => {
    const { model, port } = await endpoint(() => {})
    for (const close of closers.splice(0)) await close()
    const error = await failure(model)
    expect(error).toMatchObject({ kind: 'unavailable', isRetryable: true, maybeBilled: false, code: 'ECONNREFUSED' })
    expect(error.message).toContain(`127.0.0.1:${port}: it cannot be reached (ECONNREFUSED); check TOOLWRIGHT_STRONG_BASE_URL`)
  })

  test('throws what the signal was aborted with', async () => {
    const stop = new AbortController()
    const reason = new Error('shutting down')
    const { model } = await endpoint(() => stop.abort(reason))
    await expect(model.complete(CALL, stop.signal)).rejects.toBe(reason)
    await expect(model.complete(CALL, stop.signal)).rejects.toBe(reason)
  })

  test('refuses a base URL that is none', () => {
    for (const baseUrl of ['localhost:11434/v1', '', 'ftp://x/']) {
      const open = () => openModel({ role: 'light', baseUrl, apiKey: '', model: 'm', timeoutMs: 1 }, openPrices())
      expect(open).toThrow('check TOOLWRIGHT_LIGHT_BASE_URL')
    }
  })
})

describe('bound', () => {
  test('holds for what is sent and priced', async () => {
    const { model } = await endpoint(() => {})
    const { tokens, costNano } = model.bound({ ...CALL, messages: [{ role: 'user', content: 'ä'.repeat(100) }], schema: SCHEMA })
    expect(tokens.uncachedInput).toBeGreaterThan(200 + 2 * JSON.stringify(SCHEMA.schema).length)
    expect(tokens).toMatchObject({ cacheRead: 0, cacheWrite: 0, output: 50 })
    expect(costNano).toBe(tokens.uncachedInput * 150 + 50 * 600)
  })

  test("counts a user's own body: its limit, its choices, its images", async () => {
    const { model } = await endpoint(() => {})
    const content = [{ type: 'image_url', image_url: { url: 'https://x/y.png' } }]
    const { tokens } = model.bound({ messages: [], maxTokens: 9, body: { n: 3, max_tokens: 7, messages: [{ role: 'user', content }] } })
    expect(tokens.output).toBe(21)
    expect(tokens.uncachedInput).toBeGreaterThan(50_000)
  })
})
