import { expect, test } from 'vitest'
import { nearKey } from './near-key.ts'

const KNOWN = ['id', 'input', 'kind', 'target', 'custom_id']

test.each([
  ['inputs', 'input'],
  ['Input', 'input'],
  ['inptu', 'input'],
  ['knd', 'kind'],
  ['tagret', 'target'],
  ['customId', 'custom_id'],
  ['custom-id', 'custom_id'],
])('%s was meant as %s', (key, meant) => {
  expect(nearKey(key, KNOWN)).toBe(meant)
})

test.each(['temperature', 'i', 'x', 'constructor', '__proto__', 'n'.repeat(100_000)])('%.20s is near nothing', (key) => {
  expect(nearKey(key, KNOWN)).toBeNull()
})

test('knows other usual names', () => {
  expect(nearKey('Prompt', KNOWN, { prompt: 'input' })).toBe('input')
  expect(nearKey('constructor', KNOWN, { prompt: 'input' })).toBeNull()
})
