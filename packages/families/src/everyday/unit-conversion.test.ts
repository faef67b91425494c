import { expect, test } from 'vitest'
import { unitConversion } from './unit-conversion.ts'

test.each([
  ['26.2', 'miles', 'kilometers', 3, '42.165'],
  ['1', 'miles', 'feet', 2, '5280.00'],
  ['5', 'millimeters', 'centimeters', 0, '1'],
  ['25', 'millimeters', 'meters', 2, '0.03'],
  ['1', 'pounds', 'ounces', 4, '16.0000'],
  ['1', 'US gallons', 'liters', 4, '3.7854'],
  ['98.6', 'degrees Fahrenheit', 'degrees Celsius', 2, '37.00'],
  ['-40', 'degrees Celsius', 'degrees Fahrenheit', 2, '-40.00'],
  ['0', 'kelvins', 'degrees Fahrenheit', 2, '-459.67'],
  ['273.145', 'kelvins', 'degrees Celsius', 2, '-0.01'],
  ['273.149', 'kelvins', 'degrees Celsius', 2, '0.00'],
])('%s %s in %s with %i decimals is %s', (value, from_unit, to_unit, decimals, answer) => {
  expect(unitConversion.solve({ value, from_unit, to_unit, decimals })).toBe(answer)
})

test('refuses units of another dimension and unknown ones', () => {
  expect(() => unitConversion.solve({ value: '1', from_unit: 'miles', to_unit: 'grams', decimals: 2 })).toThrow(RangeError)
  expect(() => unitConversion.solve({ value: '1', from_unit: 'parsecs', to_unit: 'parsecs', decimals: 2 })).toThrow(RangeError)
  const text = 'Convert 3 miles to grams. Round to 2 decimal places, halves away from zero, and answer with the number alone.'
  expect(unitConversion.recognise(text)).toBeNull()
})
