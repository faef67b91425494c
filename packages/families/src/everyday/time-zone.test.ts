import { expect, test } from 'vitest'
import { timeZone } from './time-zone.ts'

test.each([
  ['2024-02-28', '23:30', '-12:00', '+14:00', '2024-03-01 01:30'],
  ['2023-01-01', '00:15', '+05:45', '-03:30', '2022-12-31 15:00'],
  ['2000-02-29', '12:00', '+00:00', '+00:00', '2000-02-29 12:00'],
])('%s %s from %s to %s is %s', (date, time, from_offset, to_offset, answer) => {
  expect(timeZone.solve({ date, time, from_offset, to_offset })).toBe(answer)
})

test.each([
  ['2023-02-29', '12:00', '+01:00'],
  ['2023-02-28', '24:00', '+01:00'],
  ['2023-02-28', '12:00', '+14:30'],
])('refuses %s %s at UTC%s', (date, time, offset) => {
  expect(() => timeZone.solve({ date, time, from_offset: offset, to_offset: '+00:00' })).toThrow(RangeError)
})
