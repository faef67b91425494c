import { expect, test } from 'vitest'
import { loadPrompt, renderPrompt } from './prompt.ts'

test('puts values in, as often as they are named', () => {
  expect(renderPrompt('{{a}} and {{b-c}} and {{a}}', { a: '1', 'b-c': '2' })).toBe('1 and 2 and 1')
})

test('puts a value in literally, once', () => {
  expect(renderPrompt('<{{a}}>{{b}}', { a: '{{b}} $& $1', b: 'x' })).toBe('<{{b}} $& $1>x')
})

test('fails on a missing variable', () => {
  expect(() => renderPrompt('{{a}} {{b}} {{toString}}', { a: '1' })).toThrow('the prompt needs a value for b, toString')
})

test('fails on an unused variable', () => {
  expect(() => renderPrompt('{{ a }}', { a: '1' })).toThrow('the prompt has no variable {{a}}')
})

test('leaves braces that are no variable alone', () => {
  expect(renderPrompt('{"x": {{1}}} {}', {})).toBe('{"x": {{1}}} {}')
})

test('loads a file without its last newline', () => {
  const text = loadPrompt(new URL('../prompts/json-object.md', import.meta.url))
  expect(text).toMatch(/\{\{schema\}\}$/)
})
