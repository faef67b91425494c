import { expect, test } from 'vitest'
import { shippingRate } from './shipping-rate.ts'

const rates = [
  { zone: 'A', first: '4.50', further: '1.20' },
  { zone: 'B', first: '6.80', further: '0.05' },
]

test.each([
  ['A', '0.05', '$4.50'],
  ['A', '1', '$4.50'],
  ['A', '1.001', '$5.70'],
  ['A', '2.0', '$5.70'],
  ['B', '100', '$11.75'],
])('zone %s, %s kg: %s', (zone, weight, price) => {
  expect(shippingRate.solve({ rates, zone, weight })).toBe(price)
})

test('refuses a zone without a rate or with two, and a parcel that weighs nothing', () => {
  expect(() => shippingRate.solve({ rates, zone: 'C', weight: '1' })).toThrow(RangeError)
  expect(() => shippingRate.solve({ rates: [...rates, ...rates], zone: 'A', weight: '1' })).toThrow(RangeError)
  expect(() => shippingRate.solve({ rates, zone: 'A', weight: '0.0' })).toThrow(RangeError)
})
