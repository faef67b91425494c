import { expect, test } from 'vitest'
import { dateDayAfter } from './date-day-after.ts'
import { dateToIso } from './date-to-iso.ts'

test.each([
  ['29 February 2024', '2024-02-29', '2024-03-01'],
  ['Feb. 28, 2023', '2023-02-28', '2023-03-01'],
  ['28/2/2000', '2000-02-28', '2000-02-29'],
  ['28.02.2100', '2100-02-28', '2100-03-01'],
  ['31st of December 1999', '1999-12-31', '2000-01-01'],
  ['12th May, 2021', '2021-05-12', '2021-05-13'],
  ['Sept 22nd 2010', '2010-09-22', '2010-09-23'],
  ['Friday, March 1st, 2024', '2024-03-01', '2024-03-02'],
  ['04-05-2006', '2006-05-04', '2006-05-05'],
])('%s is %s, and %s comes next', (date, same, next) => {
  expect(dateToIso.solve({ date })).toBe(same)
  expect(dateDayAfter.solve({ date })).toBe(next)
})

test.each([
  '29 February 2023',
  '29.02.1900',
  '31 April 2024',
  '0/1/2024',
  '12nd May 2021',
  'Monday, March 1st, 2024',
  '3 March 24',
  '3.3/2024',
  'tomorrow',
])('refuses %s', (date) => {
  expect(() => dateToIso.solve({ date })).toThrow(RangeError)
  expect(dateToIso.recognise(`Write this date in the form YYYY-MM-DD (the day comes first where it is numbers only): ${date}`)).toBeNull()
})
