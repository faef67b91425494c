import { expect, test } from 'vitest'
import { phoneToE164 } from './phone-to-e164.ts'

test.each([
  ['(030) 1234-567', '49', '0', '+49301234567'],
  // A national number that begins with the country code's digits keeps them.
  ['049 123 4567', '49', '0', '+49491234567'],
  ['+33 (4) 123.45.67', '49', '0', '+3341234567'],
  ['0033 4 123 45 67', '49', '0', '+3341234567'],
  ['06 1 234 5678', '36', '06', '+3612345678'],
  ['555-867-5309', '1', '1', '+15558675309'],
])('%s with code %s and prefix %s is %s', (number, country_code, trunk_prefix, answer) => {
  expect(phoneToE164.solve({ number, country_code, trunk_prefix })).toBe(answer)
})

test.each(['030 12', '+049 30 1234567', 'call me', '0301234567890123456'])('refuses %s', (number) => {
  expect(() => phoneToE164.solve({ number, country_code: '49', trunk_prefix: '0' })).toThrow(RangeError)
})
