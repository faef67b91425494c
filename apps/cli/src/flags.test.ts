import { expect, test } from 'vitest'
import { parseFlags, wholeNumber } from './flags.ts'

const flags = { count: { type: 'string', value: 'N', about: '' }, mix: { type: 'boolean', about: '' } } as const

test('reads flags and positionals in any order', () => {
  expect(parseFlags(['dyck', '--mix', '--count', '3', 'crt'], flags)).toEqual({
    values: { mix: true, count: '3' },
    positionals: ['dyck', 'crt'],
  })
  expect(parseFlags(['--count=3'], flags).values).toEqual({ count: '3' })
})

test('takes everything after -- as it is', () => expect(parseFlags(['--', '--mix'], flags)).toEqual({ values: {}, positionals: ['--mix'] }))

test.each([
  [['--cuont', '3'], 'unknown flag --cuont: did you mean --count?'],
  [['--zzzzzz'], 'unknown flag --zzzzzz: the same command with --help lists what there is'],
  [['-x'], 'unknown flag -x'],
  [['--count'], '--count needs a value: --count N'],
  [['--mix=yes'], '--mix takes no value'],
])('refuses %j', (args, message) =>
  expect(() => parseFlags(args, flags)).toThrow(expect.objectContaining({ message: expect.stringContaining(message), exitCode: 2 })),
)

test('takes whole numbers only', () => {
  expect(wholeNumber('--count', '20', 1, 5)).toBe(20)
  expect(wholeNumber('--count', undefined, 1, 5)).toBe(5)
  for (const wrong of ['0', '-1', '1.5', '1e3', 'many', '', '99999999999999999999']) {
    expect(() => wholeNumber('--count', wrong, 1, 5)).toThrow('--count takes a whole number from 1 on')
  }
})
