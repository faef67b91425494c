import { expect, test } from 'vitest'
import { parseInputLine, type ParsedLine } from './input-line.ts'

const place = { seq: 6, lineNumber: 7, offset: 100, endOffset: 200, isTerminated: true }

function parse(value: unknown): ParsedLine {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return parseInputLine({ ...place, status: 'text', text })
}

function messageOf(parsed: ParsedLine): string {
  return parsed.ok ? 'ok' : parsed.message
}

const messages = [{ role: 'user', content: 'sort b a' }]
const batch = { custom_id: 'a-1', method: 'POST', url: '/v1/chat/completions', body: { model: 'm', messages } }

test('reads the short form', () => {
  expect(parse({ id: 'x', input: 'sort b a', kind: 'sort', target: 'a b' })).toEqual({
    ok: true,
    line: { customId: 'x', text: 'sort b a', frame: null, isPlain: true, kindName: 'sort', target: 'a b' },
  })
  expect(parse({ input: 'sort b a', id: null, kind: null, target: null })).toEqual({
    ok: true,
    line: { customId: 'line-7', text: 'sort b a', frame: null, isPlain: true },
  })
  expect(parse({ id: 12, input: 'x', target: '' })).toMatchObject({ line: { customId: '12', target: '' } })
})

test('reads an OpenAI Batch line, ours under "toolwright"', () => {
  expect(parse({ ...batch, toolwright: { kind: 'sort', target: 'a b' } })).toEqual({
    ok: true,
    line: { customId: 'a-1', text: 'sort b a', frame: null, isPlain: false, kindName: 'sort', target: 'a b' },
  })
  expect(parse({ body: { messages } })).toMatchObject({ ok: true, line: { customId: 'line-7' } })
  expect(parse({ ...batch, my_own_note: 1, id: 5 })).toMatchObject({ ok: true, line: { customId: 'a-1' } })
})

test('keeps the frame of a toolable line, and the whole body of one that is not', () => {
  const system = { role: 'system', content: 'be brief' }
  expect(parse({ ...batch, body: { messages: [system, ...messages], temperature: 0 } })).toMatchObject({
    line: { frame: { messages: [system] }, text: 'sort b a' },
  })
  const body = { model: 'm', messages, n: 2, extra: { deep: [null] } }
  const parsed = parse({ ...batch, body })
  expect(parsed).toEqual({ ok: true, line: { customId: 'a-1', text: 'sort b a', frame: null, isPlain: false, body } })
})

test.each([
  ['{"input": "a"', 'it ends too early'],
  ["{'input': 'a'}", 'double quotes'],
  ['[', 'JSON list'],
  ['{"input":"a"},', 'JSON list'],
  ['{', 'over several lines'],
  ['"input": "a"', 'over several lines'],
  ['a\0b', 'binary data'],
  ['hello', 'write one JSON object'],
])('%j is no JSON, and the message says how to mend it', (text, mend) => {
  const parsed = parse(text)
  expect(parsed).toMatchObject({ ok: false, customId: null, code: 'invalid_json_line' })
  expect(messageOf(parsed)).toMatch(/^line 7 is not valid JSON/)
  expect(messageOf(parsed)).toContain(mend)
  expect(messageOf(parsed)).not.toMatch(/line 1|\p{Cc}/u)
})

test.each([
  ['[1]', 'line 7 is a list'],
  ['"text"', 'line 7 is a string'],
  ['null', 'line 7 is null'],
])('%s is JSON and no request', (text, message) => {
  expect(parse(text)).toMatchObject({ ok: false, code: 'invalid_json_line' })
  expect(messageOf(parse(text))).toContain(message)
})

test.each([
  [{ id: 'x', inputs: 'a' }, 'line 7: unknown key "inputs"; did you mean "input"?'],
  [{ prompt: 'a' }, 'line 7: unknown key "prompt"; did you mean "input"?'],
  [{ input: 'a', answer: 'b' }, 'line 7: unknown key "answer"; did you mean "target"?'],
  [{ input: 'a', custom_id: 'b' }, 'line 7: unknown key "custom_id"; did you mean "id"?'],
  [{ input: 'a', colour: 1 }, 'line 7: unknown key "colour"; allowed are "id", "input", "kind", "target"'],
  [{}, 'line 7: "input" is missing; it must be a string: the text of the request'],
  [{ input: 4 }, 'line 7: "input" must be a string: the text of the request'],
  [{ input: ' \n' }, 'line 7: "input" is empty: give it the text of the request'],
  [{ input: 'a', target: 42 }, 'line 7: "target" must be a string: put it in quotes, exactly as the answer should read'],
  [{ input: 'a', id: '' }, 'line 7: "id" must be a string that is not empty'],
  [{ input: 'a', kind: ' ' }, 'line 7: "kind" must not be empty'],
  [{ ...batch, body: undefined }, 'line 7: "body" is missing; it must be an object: the chat completion request'],
  [{ ...batch, body: [] }, 'line 7: "body" must be an object: the chat completion request'],
  [{ ...batch, body: { model: 'm' } }, 'line 7: "body.messages" must be a list of messages'],
  [{ ...batch, body: { messages: [] } }, 'line 7: "body.messages" must hold at least one message'],
  [{ ...batch, body: { messages: ['a'] } }, 'line 7: "body.messages[0]" must be an object with "role" and "content"'],
  [{ ...batch, body: { messages: [{ content: 'a' }] } }, 'line 7: "body.messages[0].role" must be a string'],
  [{ body: batch.body, id: 'a' }, 'line 7: "id" is of the short form; in an OpenAI Batch line it is "custom_id"'],
  [{ ...batch, kind: 'sort' }, 'line 7: "kind" is of the short form; in an OpenAI Batch line it is {"toolwright": {"kind": …}}'],
  [{ ...batch, target: 'a b' }, 'line 7: "target" is of the short form; in an OpenAI Batch line it is {"toolwright": {"target": …}}'],
  [{ ...batch, toolwrigth: {} }, 'line 7: unknown key "toolwrigth"; did you mean "toolwright"?'],
  [{ ...batch, toolwright: { Kind: 'a' } }, 'line 7: unknown key "Kind" in "toolwright"; did you mean "kind"?'],
  [
    { ...batch, toolwright: { target: 1 } },
    'line 7: "toolwright.target" must be a string: put it in quotes, exactly as the answer should read',
  ],
  [{ ...batch, input: 'a' }, 'line 7 has both "body" and "input": keep "body" (an OpenAI Batch line) or "input" (the short form)'],
])('%j is refused with a sentence that names the key', (value, message) => {
  expect(parse(value)).toMatchObject({ ok: false, code: 'invalid_request', message })
})

test('refuses other endpoints and methods with their own codes, and keeps the id', () => {
  expect(parse({ ...batch, url: '/v1/embeddings' })).toMatchObject({ ok: false, customId: 'a-1', code: 'invalid_url' })
  expect(parse({ ...batch, method: 'GET' })).toMatchObject({ ok: false, customId: 'a-1', code: 'invalid_method' })
  expect(parse({ id: 'x', wrong: 1 })).toMatchObject({ ok: false, customId: 'x' })
})

test('refuses a body that is nested too deep to be put into a job', () => {
  const deep = '['.repeat(200_000) + ']'.repeat(200_000)
  const parsed = parse(`{"custom_id":"d","body":{"messages":[{"role":"user","content":"x"}],"n":${deep}}}`)
  expect(parsed).toMatchObject({ ok: false, customId: 'd', code: 'invalid_request' })
  expect(parse(deep)).toMatchObject({ ok: false, code: 'invalid_json_line' })
})

test('says what is wrong with a line that could not be read, with its id where it begins with it', () => {
  const head = '{"custom_id": "big \\"one\\"", "body": {"mess'
  expect(parseInputLine({ ...place, status: 'too-long', byteLength: 2_000_000, head })).toEqual({
    ok: false,
    customId: 'big "one"',
    code: 'line_too_long',
    message: 'line 7 has 2000000 bytes, and a line may have at most 1000000: shorten its text or split it into several requests',
  })
  const binary = parseInputLine({ ...place, status: 'not-utf8', byteLength: 3, head: '\uFFFD\0' })
  expect(binary).toMatchObject({ ok: false, customId: null, code: 'invalid_json_line' })
  expect(messageOf(binary)).toMatch(/^line 7 is not UTF-8 text/)
  const first = { ...place, lineNumber: 1, offset: 0 }
  expect(messageOf(parseInputLine({ ...first, status: 'not-utf8', byteLength: 9, head: '\uFFFD\uFFFD{\0' }))).toContain('UTF-16')
})
