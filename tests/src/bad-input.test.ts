import { familyNamed, generateStream } from '@toolwright/families'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answerOf, openPipeline, type Pipeline, type ResultLine, seqsOf } from './pipeline.ts'
import { openRecorder, type RecordedCall, type Recorder } from './recorder.ts'

let pipeline: Pipeline
let recorder: Recorder

beforeAll(async () => {
  // Strong answers that are right: what is on trial is what becomes of each line.
  pipeline = await openPipeline({
    stages: { user: 0, maker: 0 },
    settings: { wrongness: { strong: { answer: { otherwise: 0, families: {} } } } },
  })
  recorder = await openRecorder(pipeline.simulator.url)
  const recorded = { TOOLWRIGHT_STRONG_BASE_URL: recorder.url, TOOLWRIGHT_LIGHT_BASE_URL: recorder.url }
  pipeline.start('user', recorded)
  pipeline.start('maker', recorded)
}, 60_000)
afterAll(async () => {
  await pipeline.close()
  await recorder.close()
}, 60_000)

const sorting = [...generateStream({ families: [familyNamed('unit-conversion')!], count: 12, seed: 8, mix: true, typoShare: 0 })]
const text = (at: number) => sorting[at]!.text
const batch = (id: string, body: Record<string, unknown>) => ({ custom_id: id, method: 'POST', url: '/v1/chat/completions', body })
const user = (content: string) => ({ role: 'user', content })

test('each bad line becomes an error line that names it, and the rest of the stream is answered', { timeout: 60_000 }, async () => {
  const several = { model: 'gpt-4o', n: 2, messages: [user(text(5))], max_tokens: 50 }
  const tools = {
    messages: [user(text(6))],
    tools: [{ type: 'function', function: { name: 'look_up', parameters: { type: 'object', properties: {} } } }],
  }
  const streamed = { messages: [user(text(7))], stream: true, user: 'u-17' }
  const framed = { messages: [{ role: 'system', content: 'You convert units for a kitchen.' }, user(text(8))] }
  const parts: (string | Buffer | object)[] = [
    { id: 'good-1', input: text(0), target: sorting[0]!.target },
    '{"input": "Convert 5 miles',
    { id: 'unknown-key', inptu: text(1) },
    { id: 'good-2', input: text(2) },
    { id: 'good-1', input: text(1) },
    { id: 'long', input: 'x'.repeat(2_000_000) },
    Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x7b, 0xc3, 0x28, 0x00]),
    { id: 'no-input' },
    batch('no-messages', { messages: [] }),
    batch('plain-batch', { messages: [user(text(4))] }),
    batch('several', several),
    batch('tools', tools),
    batch('stream', streamed),
    batch('framed', framed),
    '[1, 2, 3]',
    { custom_id: 'wrong-url', method: 'POST', url: '/v1/embeddings', body: framed },
    { input: text(9) },
  ]
  const file = Buffer.concat(
    parts.flatMap((part) => [
      Buffer.isBuffer(part) ? part : Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)),
      Buffer.from('\n'),
    ]),
  )

  const { code, results, talk } = await pipeline.run(file)

  expect(code, `${talk}\n${pipeline.log()}`).toBe(3)
  expect(seqsOf(results)).toEqual(parts.map((_, at) => at))
  const byLine = new Map(results.map((result) => [result.toolwright.seq + 1, result]))
  const errors = results.filter((result) => result.error !== null)
  expect(Object.fromEntries(errors.map((result) => [result.toolwright.seq + 1, [result.custom_id, result.error!.code]]))).toEqual({
    2: ['line-2', 'invalid_json_line'],
    3: ['unknown-key', 'invalid_request'],
    5: ['good-1', 'duplicate_custom_id'],
    6: ['long', 'line_too_long'],
    7: ['line-7', 'invalid_json_line'],
    8: ['no-input', 'invalid_request'],
    9: ['no-messages', 'invalid_request'],
    15: ['line-15', 'invalid_json_line'],
    16: ['wrong-url', 'invalid_url'],
  })
  for (const result of errors) {
    expect(result.response).toBeNull()
    expect(result.error!.message).toMatch(new RegExp(`\\bline ${result.toolwright.seq + 1}\\b`))
  }
  expect(byLine.get(3)!.error!.message).toContain('did you mean "input"?')

  for (const [line, at] of [
    [1, 0],
    [4, 2],
    [10, 4],
    [14, 8],
    [17, 9],
  ] as const)
    expect(answerOf(byLine.get(line)!), text(at)).toBe(sorting[at]!.target)
  expect(byLine.get(1)!.toolwright.correct).toBe(true)

  // What no tool can give is asked of the strong model as it was written, but for the model's name, a limit where none was set, and streaming.
  for (const [line, at, body] of [
    [11, 5, several],
    [12, 6, tools],
    [13, 7, { ...streamed, stream: undefined }],
  ] as const) {
    expect(byLine.get(line)!.toolwright).toMatchObject({ tier: 'direct', kind: null })
    const sent = sentFor(text(at))
    expect(sent.length).toBe(1)
    expect(sent[0]!.body).toMatchObject(JSON.parse(JSON.stringify({ ...body, model: 'sim-strong' })) as object)
    expect(Object.keys(sent[0]!.body).filter((key) => !['model', 'max_completion_tokens', ...Object.keys(body)].includes(key))).toEqual([])
    expect(sent[0]!.body['stream']).toBeUndefined()
  }
  expect(choicesOf(byLine.get(11)!)).toBe(2)
  expect(sentFor(text(8)).map(({ body }) => body.messages)).toContainEqual(framed.messages)
  expect(byLine.get(14)!.toolwright.kind).not.toBe(byLine.get(10)!.toolwright.kind)
})

test('an input without requests, or none at all, ends with 2 and a sentence', { timeout: 60_000 }, async () => {
  for (const nothing of ['', '\n\n']) {
    const empty = await pipeline.run(nothing)
    expect(empty.code).toBe(2)
    expect(empty.talk).toMatch(/holds no requests/)
    expect(empty.results).toEqual([])
  }
  const missing = await pipeline.run({ path: join(pipeline.environment['TOOLWRIGHT_HOME']!, 'not-there.jsonl') })
  expect(missing.code).toBe(2)
  expect(missing.talk).toMatch(/not-there\.jsonl/)
  expect(missing.talk).not.toMatch(/\n\s+at /)
})

function choicesOf(result: ResultLine): number {
  return result.response!.body.choices!.length
}

/** What reached the endpoint about a text. */
function sentFor(about: string): RecordedCall[] {
  return recorder.calls.filter(({ body }) => JSON.stringify(body.messages).includes(JSON.stringify(about).slice(1, -1)))
}
