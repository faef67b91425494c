import { expect, test } from 'vitest'
import { requestOf } from './failed-requests.ts'
import { parseInputLine } from './input-line.ts'

const place = { seq: 0, lineNumber: 1, offset: 0, endOffset: 100, isTerminated: true, status: 'text' as const }

function read(request: object) {
  const parsed = parseInputLine({ ...place, text: JSON.stringify(request) })
  return parsed.ok ? parsed.line : parsed
}

const common = { seq: 7, customId: 'mine', text: 'Say yes.' }

test('a plain request is written as it came', () => {
  const request = requestOf({ v: 1, line: { ...common, target: 'yes', kindName: 'saying' }, frame: null })
  expect(request).toEqual({ id: 'mine', input: 'Say yes.', kind: 'saying', target: 'yes' })
  expect(read(request)).toMatchObject({ customId: 'mine', text: 'Say yes.', target: 'yes', kindName: 'saying', frame: null })
})

test('one with a frame is read back with the same frame', () => {
  const frame = { messages: [{ role: 'system', content: 'Be short.' }], response_format: { type: 'json_object' }, stop: ['.'] }
  const request = requestOf({ v: 1, line: common, frame })
  expect(read(request)).toMatchObject({ customId: 'mine', text: 'Say yes.', frame })
})

test('a body that no tool can honour goes on unchanged', () => {
  const body = { n: 2, messages: [{ role: 'user', content: 'Say yes.' }] }
  expect(read(requestOf({ v: 1, line: { ...common, body }, frame: null }))).toMatchObject({ customId: 'mine', body })
})
