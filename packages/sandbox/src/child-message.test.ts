import { expect, test } from 'vitest'
import { ChildMessage } from './child-message.ts'

const ok = (more: object) => ({ type: 'outcome', outcome: { status: 'ok', result: 'x', arguments: null, stdout: '', stderr: '', ...more } })
const nested = (depth: number) => `{"x": ${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`

test.each([
  ['arguments 32 levels deep', ok({ arguments: nested(32) })],
  ['a result of 64 KiB', ok({ result: 'x'.repeat(65_536) })],
  ['the end of a batch', { type: 'done', recycle: null }],
])('takes %s', (_, message) => {
  expect(ChildMessage.parse(message)).toEqual(message)
})

test.each([
  ['deeper arguments', ok({ arguments: nested(33) })],
  ['arguments that are no object', ok({ arguments: '[1]' })],
  ['arguments that are no JSON', ok({ arguments: '{"x": NaN}' })],
  ['a longer result', ok({ result: 'x'.repeat(65_537) })],
  ['a result that is no text', ok({ result: 7 })],
  ['a status of its own making', { type: 'outcome', outcome: { status: 'verified' } }],
  ['another word', { type: 'trust me' }],
])('refuses %s', (_, message) => {
  expect(ChildMessage.safeParse(message).success).toBe(false)
})
