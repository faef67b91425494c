import { wordedFamily } from '../worded-family.ts'
import { invoiceSlots, invoiceWordings, netOf, readInvoice, someInvoice } from './invoice-total.ts'
import { amountText } from './money.ts'

export const invoiceSubtotal = wordedFamily({
  name: 'invoice-subtotal',
  group: 'everyday',
  nearMissOf: 'invoice-total',
  about: 'the amount of an invoice after discount and before tax',
  wordings: invoiceWordings([
    'Invoice for {customer}\n{items}\nDiscount: {discount}%\nTax: {tax}%\nTake off the discount, rounded half up to whole cents, and leave the tax out. ' +
      'What is the amount before tax? Answer in the form $1234.50.',
    'Please work out what {customer} owes before tax: {items}, with {discount}% off and {tax}% sales tax still to come on the reduced price; the ' +
      'discount is rounded half up to the cent. Give the amount like $1234.50.',
    'Bill to check for {customer} (quantity, item, unit price)\n{items}\nless {discount}% rebate\nplus {tax}% VAT on the rest\nState the net sum ' +
      'without VAT as $1234.50. The rebate is rounded half up to whole cents.',
  ]),
  compose: (random, index) => {
    const invoice = someInvoice(random)
    return { slots: invoiceSlots(invoice, index), target: `$${amountText(invoice.gross - invoice.rebate)}` }
  },
  understand: readInvoice,
  solve: (values) => `$${amountText(netOf(values))}`,
})
