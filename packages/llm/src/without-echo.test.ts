import { expect, test } from 'vitest'
import { withoutEcho } from './without-echo.ts'

const content = 'My account 4711-0815 was charged twice.\nPlease say "sorry" to me.'

test('what an endpoint says is left as it is', () => {
  const told = 'Unsupported parameter: max_completion_tokens is not supported with this model.'
  expect(withoutEcho(told, { messages: [{ role: 'user', content }] })).toBe(told)
})

test('what it quotes of the request is taken out, as text or as JSON', () => {
  const messages = [{ role: 'user' as const, content }]
  const told = 'bad input: My account 4711-0815 was charged twice. Please (type=value)'
  expect(withoutEcho(told, { messages })).toMatch(/^bad input: ?… ?\(type=value\)$/)
  const quoted = withoutEcho(`1 validation error: input=${JSON.stringify(content)}, see the docs`, { messages })
  expect(quoted).toMatch(/^1 validation error: input="?…"?, see the docs$/)
})

test('a body of the user is looked through too, in all its parts', () => {
  const body = { messages: [{ role: 'user', content: [{ type: 'text', text: content }] }] }
  expect(withoutEcho('got "account 4711-0815 was charged"', { messages: [], body })).toBe('got "…"')
})
