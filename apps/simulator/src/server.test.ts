import { afterEach, describe, expect, test } from 'vitest'
import { startSimulator, type Simulator } from './server.ts'

const SORT = 'Sort the following words alphabetically: List: oven costume counterpart'
const SORTED = 'costume counterpart oven'
const NEVER_WRONG = { wrongness: { strong: { answer: { otherwise: 0, families: { 'word-sorting': 0 } } } } }

const started: Simulator[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((simulator) => simulator.stop()))
})

async function start(settings: Record<string, unknown> = {}): Promise<Simulator> {
  const simulator = await startSimulator({ settings: { ...NEVER_WRONG, ...settings } })
  started.push(simulator)
  return simulator
}

/** The parts of a reply that the tests look at; the rest of the body is checked by the openai client in other packages' tests. */
interface Body {
  choices: { message: { content: string | null; refusal: string | null }; finish_reason: string }[]
  usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number; prompt_tokens_details: { cached_tokens: number } }
  system_fingerprint: string
  error: { message: string; type: string; param: string | null; code: string | null }
}

async function ask(
  { url, models }: Simulator,
  extra: Record<string, unknown> = {},
  key = 'any',
): Promise<{ status: number; headers: Headers; body: Body; content: string }> {
  const response = await fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key === '' ? {} : { authorization: `Bearer ${key}` }) },
    body: JSON.stringify({ model: models.strong, messages: [{ role: 'user', content: SORT }], ...extra }),
  })
  // The simulator's own replies, of the shape that each test asserts.
  const body: Body = JSON.parse(await response.text())
  return { status: response.status, headers: response.headers, body, content: body.choices?.[0]?.message.content ?? '' }
}

async function control({ controlUrl }: Simulator, path: string, body?: unknown): Promise<{ status: number; json: unknown }> {
  const response = await fetch(controlUrl + path, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) })
  return { status: response.status, json: await response.json() }
}

async function until(isReached: () => Promise<boolean>): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- it waits for a state, one look after the other
  while (!(await isReached())) await new Promise((resolve) => setImmediate(resolve))
}

describe('replies', () => {
  test('are answers by the answer key, with usage, and say that they are simulated', async () => {
    const { status, body, content } = await ask(await start())
    expect(status).toBe(200)
    expect(content).toBe(SORTED)
    expect(body.choices[0]?.finish_reason).toBe('stop')
    expect(body.usage).toMatchObject({ prompt_tokens: 19, completion_tokens: 4, total_tokens: 23 })
    expect(body.system_fingerprint).toBe('simulated')
  })

  test('do not depend on which system messages stand before the last user message', async () => {
    const messages = [
      { role: 'system', content: 'You are terse.' },
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: 'Hello' },
      { role: 'developer', content: 'Use no markup.' },
      { role: 'user', content: [{ type: 'text', text: SORT }] },
    ]
    expect((await ask(await start(), { messages })).content).toBe(SORTED)
  })

  test('are the same for the same messages and seed, in another process too', async () => {
    const settings = { wrongness: { strong: { answer: { otherwise: 0.5, families: { 'word-sorting': 0.9 } } } } }
    const [one, other] = [await start(settings), await start(settings)]
    const seeds = [1, 2, 3, 4, 5, 6]
    const [first, second] = await Promise.all(
      [one, other].map((simulator) => Promise.all(seeds.map(async (seed) => (await ask(simulator, { seed })).content))),
    )
    expect(first).toEqual(second)
    expect(new Set(first).size).toBeGreaterThan(2)
  })

  test('to unknown text are plain and always the same', async () => {
    const simulator = await start()
    const messages = [{ role: 'user', content: 'What is the weather like on Mars?' }]
    const replies = await Promise.all([1, 2].map((seed) => ask(simulator, { seed, messages })))
    expect(replies.map((reply) => reply.content)).toEqual(Array(2).fill('This is a simulated model, and it has no rule for this request.'))
  })

  test('come once per choice, end at a stop sequence, and are cut at the limit', async () => {
    const simulator = await start()
    expect((await ask(simulator, { n: 3 })).body.choices.map((choice) => choice.message.content)).toEqual([SORTED, SORTED, SORTED])
    expect((await ask(simulator, { stop: [' oven'] })).content).toBe('costume counterpart')
    const cut = await ask(simulator, { max_completion_tokens: 1 })
    expect(cut.body.choices[0]?.finish_reason).toBe('length')
    expect(cut.body.usage.completion_tokens).toBe(1)
    expect(SORTED.startsWith(cut.content)).toBe(true)
  })

  test('report a long first message as cached from its second time on, in steps of 128', async () => {
    const simulator = await start()
    const messages = [
      { role: 'system', content: 'Answer in few words. '.repeat(300) },
      { role: 'user', content: SORT },
    ]
    const cached = async () => (await ask(simulator, { messages })).body.usage.prompt_tokens_details.cached_tokens
    expect(await cached()).toBe(0)
    const again = await cached()
    expect(again).toBeGreaterThanOrEqual(1024)
    expect(again % 128).toBe(0)
  })

  test('stream as server-sent events when asked to', async () => {
    const { url, models } = await start()
    const body = JSON.stringify({
      model: models.strong,
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ role: 'user', content: SORT }],
    })
    const response = await fetch(`${url}/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer any' }, body })
    const text = await response.text()
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(text).toContain(`"content":"${SORTED}"`)
    expect(text).toContain('"usage":{"prompt_tokens":19')
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  })
})

describe('errors', () => {
  test('for keys are 401: none, or not the set one', async () => {
    const simulator = await start({ apiKey: 'right-key' })
    expect(await ask(simulator, {}, '')).toMatchObject({ status: 401, body: { error: { type: 'invalid_request_error', code: null } } })
    expect(await ask(simulator, {}, 'wrong-key')).toMatchObject({ status: 401, body: { error: { code: 'invalid_api_key' } } })
    expect(await ask(simulator, {}, 'right-key')).toMatchObject({ status: 200 })
    expect((await control(simulator, '/served')).json).toMatchObject({
      calls: { unknown: { unknown: { 401: 2 } }, strong: { answer: { 200: 1 } } },
    })
  })

  test('for an unknown model are 404, for a bad body 400 with the parameter', async () => {
    const simulator = await start()
    expect(await ask(simulator, { model: 'gpt-none' })).toMatchObject({ status: 404, body: { error: { code: 'model_not_found' } } })
    expect(await ask(simulator, { messages: [] })).toMatchObject({ status: 400, body: { error: { param: 'messages' } } })
    expect(await ask(simulator, { messages: undefined })).toMatchObject({
      status: 400,
      body: { error: { code: 'missing_required_parameter' } },
    })
    const broken = await fetch(`${simulator.url}/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer any' }, body: '{' })
    expect(broken.status).toBe(400)
  })

  test.each([
    ['badRequest', 400, 'invalid_request_error'],
    ['rateLimited', 429, 'requests'],
    ['serverError', 500, 'server_error'],
    ['unavailable', 503, 'service_unavailable'],
  ])('%s comes as %i', async (fault, status, type) => {
    const reply = await ask(await start({ faults: { [fault]: 1, retryAfterSeconds: 7 } }))
    expect(reply).toMatchObject({ status, body: { error: { type } } })
    expect(reply.headers.get('retry-after')).toBe(status === 429 ? '7' : null)
  })

  test('come at their rate, and not each time the same call is made again', async () => {
    const simulator = await start({ faults: { serverError: 0.3 } })
    const replies = await Promise.all(Array.from({ length: 200 }, () => ask(simulator)))
    const failed = replies.filter((reply) => reply.status === 500).length
    expect(failed).toBeGreaterThan(30)
    expect(failed).toBeLessThan(90)
  })

  test('of an exhausted quota are 429 with their own code', async () => {
    expect(await ask(await start({ quotaExhausted: true }))).toMatchObject({ status: 429, body: { error: { code: 'insufficient_quota' } } })
  })

  test('limits are counted in any window, per model, and announced with every reply; what is refused does not count', async () => {
    const simulator = await start({ limits: { requests: 3, tokens: 1_000, windowSeconds: 0.5 } })
    const first = await ask(simulator)
    expect(Object.fromEntries([...first.headers].filter(([name]) => /ratelimit/.test(name)))).toEqual({
      'ratelimit-policy': '3;w=0.5',
      'x-ratelimit-limit-requests': '3',
      'x-ratelimit-remaining-requests': '2',
      'x-ratelimit-reset-requests': '500ms',
      'x-ratelimit-limit-tokens': '1000',
      'x-ratelimit-remaining-tokens': '977',
      'x-ratelimit-reset-tokens': '500ms',
    })
    const replies = [await ask(simulator), await ask(simulator), await ask(simulator), await ask(simulator)]
    expect(replies.map((reply) => reply.status)).toEqual([200, 200, 429, 429])
    expect(replies[3]).toMatchObject({ body: { error: { type: 'requests', code: 'rate_limit_exceeded' } } })
    expect(replies[3]!.headers.get('x-ratelimit-remaining-requests')).toBe('0')
    expect((await ask(simulator, { model: simulator.models.light })).status).toBe(200)
    await until(async () => (await ask(simulator)).status === 200)
  })

  test('a limit on tokens counts what calls use, or the limits of their replies', async () => {
    const calls = { max_completion_tokens: 400 }
    const used = await start({ limits: { tokens: 1_000 } })
    for (let n = 0; n < 20; n++) expect((await ask(used, calls)).status).toBe(200)
    const limit = await start({ limits: { tokens: 1_000, counts: 'limit', announced: false } })
    const replies = [await ask(limit, calls), await ask(limit, calls), await ask(limit, calls)]
    expect(replies.map((reply) => reply.status)).toEqual([200, 200, 429])
    expect(replies[2]!.body.error.type).toBe('tokens')
    expect([...replies[2]!.headers.keys()].filter((name) => /ratelimit/.test(name))).toEqual([])
    expect(Number(replies[2]!.headers.get('retry-after-ms'))).toBeGreaterThan(50_000)
  })

  test('a storm lets so many calls a second through, and tells the others when to come back', async () => {
    const simulator = await start({ storm: { allowPerSecond: 3, retryAfterSeconds: 2 } })
    const replies = await Promise.all(Array.from({ length: 20 }, () => ask(simulator)))
    const allowed = replies.filter((reply) => reply.status === 200).length
    // The twenty calls may lie on both sides of a second's end.
    expect([3, 4, 5, 6]).toContain(allowed)
    expect(replies.find((reply) => reply.status === 429)?.headers.get('retry-after')).toBe('2')
  })

  test('an outage closes connections or answers 503, and ends when it is told to', async () => {
    const simulator = await start({ outage: true })
    await expect(ask(simulator)).rejects.toThrow(/fetch failed|terminated|aborted/)
    expect((await ask(simulator)).status).toBe(503)
    await control(simulator, '', { outage: false })
    expect((await ask(simulator)).status).toBe(200)
  })

  test('a dropped connection gives no whole reply', async () => {
    const simulator = await start({ faults: { droppedConnection: 1 } })
    await expect(ask(simulator)).rejects.toThrow(/fetch failed|terminated|aborted/)
    await expect(ask(simulator)).rejects.toThrow(/fetch failed|terminated|aborted/)
    expect((await control(simulator, '/served')).json).toMatchObject({ calls: { strong: { answer: { dropped: 2 } } } })
  })

  test('a slow body is whole in the end', async () => {
    expect((await ask(await start({ faults: { slowDrip: 1, dripMs: 60 } }))).content).toBe(SORTED)
  })

  test('a reply can be cut off by length, or be a refusal', async () => {
    const cut = await ask(await start({ faults: { cutOff: 1 } }))
    expect(cut.body.choices[0]?.finish_reason).toBe('length')
    expect(SORTED.startsWith(cut.content) && cut.content.length < SORTED.length).toBe(true)
    const refused = await ask(await start({ faults: { refusal: 1 } }))
    expect(refused.body.choices[0]?.message).toMatchObject({ content: null, refusal: expect.stringContaining('sorry') })
  })
})

const strictly = (schema: unknown) => ({ response_format: { type: 'json_schema', json_schema: { name: 'reply', strict: true, schema } } })
const GROUP = { type: 'object', properties: { group: { type: 'integer' } }, required: ['group'], additionalProperties: false }

describe('structured output', () => {
  const judge = {
    messages: [
      { role: 'system', content: 'Say to which group the request belongs, as JSON {"group": N}, 0 for none.' },
      { role: 'user', content: `# Group 1\n\n<request>\n${SORT}\n</request>\n\n# New request\n\n<request>\n${SORT} oak\n</request>` },
    ],
  }

  test('takes what the API takes, and refuses optional properties, open maps and root unions', async () => {
    const simulator = await start()
    expect((await ask(simulator, { ...judge, ...strictly(GROUP) })).content).toBe('{"group":1}')
    const refused = [{ ...GROUP, required: [] }, { ...GROUP, additionalProperties: { type: 'string' } }, { anyOf: [GROUP] }]
    const replies = await Promise.all(refused.map((schema) => ask(simulator, { ...judge, ...strictly(schema) })))
    expect(replies.map((reply) => [reply.status, reply.body.error.param])).toEqual(refused.map(() => [400, 'response_format']))
    const unmentioned = await ask(simulator, { response_format: { type: 'json_object' } })
    expect(unmentioned).toMatchObject({ status: 400, body: { error: { param: 'messages' } } })
  })

  test('can be missing, wholly or but for json_object', async () => {
    const none = await start({ structuredOutput: 'none' })
    expect(await ask(none, { ...judge, response_format: { type: 'json_object' } })).toMatchObject({
      status: 400,
      body: { error: { code: 'unsupported_parameter' } },
    })
    expect((await ask(none, judge)).content).toBe('{"group":1}')
    const object = await start({ structuredOutput: 'object' })
    expect((await ask(object, { ...judge, ...strictly(GROUP) })).status).toBe(400)
    expect((await ask(object, { ...judge, response_format: { type: 'json_object' } })).content).toBe('{"group":1}')
  })

  test('can be ignored: prose around the JSON, fenced or not', async () => {
    const simulator = await start({ structuredOutput: 'ignored' })
    const replies = await Promise.all(Array.from({ length: 20 }, () => ask(simulator, { ...judge, ...strictly(GROUP) })))
    expect(replies.every(({ content }) => content.includes('{"group":1}') && content.length > 20)).toBe(true)
    const fenced = replies.filter(({ content }) => content.includes('```')).length
    expect(fenced).toBeGreaterThan(0)
    expect(fenced).toBeLessThan(20)
  })

  test('carries an answer in the asked form', async () => {
    const schema = {
      type: 'object',
      properties: { answer: { type: 'string' }, sure: { type: 'boolean' } },
      required: ['answer', 'sure'],
      additionalProperties: false,
    }
    expect(JSON.parse((await ask(await start(), strictly(schema))).content)).toEqual({ answer: SORTED, sure: true })
  })
})

describe('control', () => {
  test('overlays settings, and refuses what it does not know', async () => {
    const simulator = await start()
    const { json } = await control(simulator, '', { wrongness: { light: { judge: { families: { crt: 0.5 } } } }, latency: { baseMs: 1 } })
    expect(json).toMatchObject({
      wrongness: { light: { judge: { otherwise: 0.01, families: { crt: 0.5 } }, call: { otherwise: 0.02 } } },
      latency: { baseMs: 1, jitter: 0 },
    })
    expect((await control(simulator, '', { latencyMs: 3 })).status).toBe(400)
    expect((await control(simulator, '')).json).toEqual(json)
  })

  test('a hold keeps as many calls as it says, of its purpose, until the release', async () => {
    const simulator = await start()
    await control(simulator, '/hold', { purpose: 'answer', count: 1 })
    await control(simulator, '/hold', { purpose: 'judge' })
    let isAnswered = false
    const heldCall = ask(simulator).then((reply) => {
      isAnswered = true
      return reply
    })
    await until(async () => JSON.stringify((await control(simulator, '/held')).json) === '{"held":1,"byPurpose":{"answer":1}}')
    expect((await ask(simulator)).status).toBe(200)
    expect(isAnswered).toBe(false)
    await control(simulator, '/release', {})
    expect((await heldCall).content).toBe(SORTED)
  })

  test('a held call whose caller goes away is held no more, and counted as gone', async () => {
    const simulator = await start()
    await control(simulator, '/hold', {})
    const aborting = new AbortController()
    const call = fetch(`${simulator.url}/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer any' },
      body: JSON.stringify({ model: simulator.models.strong, messages: [{ role: 'user', content: SORT }] }),
      signal: aborting.signal,
    })
    await until(async () => JSON.stringify((await control(simulator, '/held')).json).includes('"held":1'))
    expect((await control(simulator, '/served')).json).toMatchObject({ calls: {}, underWay: { strong: { answer: 1 } } })
    aborting.abort()
    await expect(call).rejects.toThrow(/fetch failed|terminated|aborted/)
    await until(async () => JSON.stringify((await control(simulator, '/held')).json).includes('"held":0'))
    await until(async () => JSON.stringify((await control(simulator, '/served')).json).includes('"gone":1'))
    expect((await control(simulator, '/served')).json).toMatchObject({ underWay: { strong: { answer: 0 } } })
  })

  test('counts calls by role, purpose and status, and tokens by model', async () => {
    const simulator = await start()
    await ask(simulator)
    await ask(simulator, { model: simulator.models.light })
    await control(simulator, '', { faults: { serverError: 1 } })
    await ask(simulator)
    expect((await control(simulator, '/served')).json).toMatchObject({
      calls: { strong: { answer: { 200: 1, 500: 1 } }, light: { answer: { 200: 1 } } },
      tokens: { 'sim-strong': { prompt: 19, cached: 0, completion: 4 } },
    })
  })

  test('lists its models as simulated', async () => {
    const { url } = await start()
    const response = await fetch(`${url}/models`, { headers: { authorization: 'Bearer any' } })
    expect(await response.json()).toMatchObject({
      data: [
        { id: 'sim-strong', owned_by: 'toolwright-simulator' },
        { id: 'sim-light', owned_by: 'toolwright-simulator' },
      ],
    })
  })
})

test('latency is at least the base and what each token takes', async () => {
  const simulator = await start({ latency: { baseMs: 30, perOutputTokenMs: 10 } })
  await ask(simulator)
  const from = performance.now()
  await ask(simulator)
  expect(performance.now() - from).toBeGreaterThanOrEqual(65)
})
