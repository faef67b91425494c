import { expect, test } from 'vitest'
import { readAction, readWords } from './actions.ts'
import { readToolName } from './kind-of.ts'

test('the first word is the action', () =>
  expect(readAction('tools', ['list', 'show'], ['show', 'k-a@2'])).toEqual({ action: 'show', words: ['k-a@2'] }))

test.each([
  [[], 'tools needs one of list, show'],
  [['shwo'], 'there is no "tools shwo": did you mean "tools show"?'],
  [['zzzzzz'], 'there are list, show'],
])('%j is a usage error', (positionals, message) =>
  expect(() => readAction('tools', ['list', 'show'], positionals)).toThrow(
    expect.objectContaining({ message: expect.stringContaining(message), exitCode: 2 }),
  ),
)

test('words are counted', () => {
  expect(readWords('kinds merge', ['FROM', 'INTO'], ['a', 'b'])).toEqual(['a', 'b'])
  expect(readWords('tools rollback', ['KIND', 'N'], ['a'], 1)).toEqual(['a'])
  expect(() => readWords('kinds merge', ['FROM', 'INTO'], ['a'])).toThrow('it is ./toolwright kinds merge FROM INTO')
  expect(() => readWords('tools rollback', ['KIND', 'N'], ['a', '1', 'x'], 1)).toThrow('it is ./toolwright tools rollback KIND [N]')
  expect(() => readWords('tools list', [], ['a'])).toThrow('it is ./toolwright tools list, without more')
})

test('a tool is a kind, with a version where one is meant', () => {
  expect(readToolName('k-sort-words-1a2b3c@2')).toEqual({ kind: 'k-sort-words-1a2b3c', version: 2 })
  expect(readToolName('sort@words')).toEqual({ kind: 'sort@words', version: null })
  expect(() => readToolName('k-a@0')).toThrow('is no tool')
})
