import { expect, test } from 'vitest'
import { shownMoney } from './money.ts'

test('a sum shows what is not known of it, and nothing known as nothing', () => {
  expect(shownMoney({ nano: 0, unknown: 3 })).toBe('unknown')
  expect(shownMoney({ nano: 12_345_678, unknown: 3 })).toBe('at least $0.0123')
  expect(shownMoney({ nano: 0, unknown: 0 })).toBe('$0.0000')
})
