import { expect, test } from 'vitest'
import { invoiceSubtotal } from './invoice-subtotal.ts'
import { invoiceTotal } from './invoice-total.ts'
import { halfUp } from './money.ts'

const invoice = (price: string, discount: string, tax: string) => ({ items: [{ quantity: 1, price }], discount, tax })

test.each([
  // The discount of 50.5 cents is 51, which leaves 9.59.
  [invoice('10.10', '5', '0'), '$9.59', '$9.59'],
  // The tax of 2.5 cents is 3.
  [invoice('0.50', '0', '5'), '$0.50', '$0.53'],
  // 1.01 less 10 is 0.91; 8.25 % of it are 7.5075 cents.
  [invoice('1.01', '10', '8.25'), '$0.91', '$0.99'],
  [
    {
      items: [
        { quantity: 3, price: '1999.99' },
        { quantity: 12, price: '0.05' },
      ],
      discount: '12.5',
      tax: '19',
    },
    '$5250.50',
    '$6248.10',
  ],
])('%j', (values, before, total) => {
  expect(invoiceSubtotal.solve(values)).toBe(before)
  expect(invoiceTotal.solve(values)).toBe(total)
})

test.each([invoice('1.5', '5', '5'), invoice('1.50', '-5', '5'), invoice('1.50', '5', '5%'), { ...invoice('1.50', '5', '5'), items: [] }])(
  'refuses %j',
  (values) => expect(() => invoiceTotal.solve(values)).toThrow(RangeError),
)

test('will not divide what doubles cannot hold', () => {
  expect(halfUp(5, 2)).toBe(3)
  expect(() => halfUp(Number.MAX_SAFE_INTEGER, 2)).toThrow(RangeError)
})
