import type { Random } from '../random.ts'
import { fieldsOf, listOf, numberOf, textOf } from '../read-values.ts'
import { wordedFamily } from '../worded-family.ts'
import { type Slots, wording } from '../wording.ts'
import { amountPattern, amountText, centsOf, halfUp } from './money.ts'
import { readRows, rowsPattern } from './rows.ts'

const customers = 'Harbor Northside Maple Granite Willow Sunrise Copper Lakeview Orchard Summit Juniper Riverside'.split(' ')
const trades = 'Bikes Bakery Dental Printing Books Florists Motors Studios Catering Hardware'.split(' ')
const qualities = 'blue red plain large small steel wooden spare folding heavy'.split(' ')
const goods = [
  'pen',
  'chain oil',
  'desk lamp',
  'notebook',
  'inner tube',
  'coffee mug',
  'paper roll',
  'shelf',
  'cable',
  'hinge',
  'paint brush',
  'vase',
  'filter',
]

const item = '(?<item>[a-z]+(?: [a-z]+)*)'
const quantity = '(?<quantity>[1-9][0-9]{0,3})'
const price = `(?<price>${amountPattern})`

/** How each wording writes the lines of an invoice. */
const forms = [
  {
    write: (count: number, name: string, each: string) => `${name}: ${count} at $${each}`,
    row: new RegExp(String.raw`${item}: ${quantity} at \$${price}`),
    join: '\n',
  },
  {
    write: (count: number, name: string, each: string) => `${count} x ${name} ($${each} each)`,
    row: new RegExp(String.raw`${quantity} x ${item} \(\$${price} each\)`),
    join: ', ',
  },
  {
    write: (count: number, name: string, each: string) => `${count}, ${name}, ${each}`,
    row: new RegExp(`${quantity}, ${item}, ${price}`),
    join: '\n',
  },
]

const percentPattern = String.raw`(?:0|[1-9][0-9]?)(?:\.[0-9]{1,2})?`

export const invoiceTotal = wordedFamily({
  name: 'invoice-total',
  group: 'everyday',
  nearMissOf: null,
  about: 'what is to pay for an invoice with discount and tax',
  wordings: invoiceWordings([
    'Invoice for {customer}\n{items}\nDiscount: {discount}%\nTax: {tax}%\nTake off the discount, then add the tax on what is left, each rounded half up ' +
      'to whole cents. What is the total to pay? Answer in the form $1234.50.',
    'Please work out what {customer} owes in the end: {items}, with {discount}% off and {tax}% sales tax on the reduced price; discount and tax are ' +
      'each rounded half up to the cent. Give the amount like $1234.50.',
    'Bill to check for {customer} (quantity, item, unit price)\n{items}\nless {discount}% rebate\nplus {tax}% VAT on the rest\nState the final sum ' +
      'as $1234.50. Rebate and VAT are each rounded half up to whole cents.',
  ]),
  compose: (random, index) => {
    const invoice = someInvoice(random)
    const net = invoice.gross - invoice.rebate
    const tax = Math.floor((net * invoice.taxHundredths + 5000) / 10000)
    return { slots: invoiceSlots(invoice, index), target: `$${amountText(net + tax)}` }
  },
  understand: readInvoice,
  solve: (values) => {
    const net = netOf(values)
    const tax = halfUp(net * hundredthsOf(values['tax'], 'tax'), 10000)
    return `$${amountText(net + tax)}`
  },
})

interface Invoice {
  customer: string
  lines: { count: number; name: string; cents: number }[]
  /** Cents before and for the discount. */
  gross: number
  rebate: number
  discount: number
  /** Hundredths of a percent. */
  taxHundredths: number
}

export function invoiceWordings(templates: readonly string[]) {
  return templates.map((template, index) =>
    wording(template, {
      customer: '[A-Z][a-z]+(?: [A-Z][a-z]+)*',
      items: rowsPattern(formOf(index)),
      discount: percentPattern,
      tax: percentPattern,
    }),
  )
}

export function someInvoice(random: Random): Invoice {
  const names = random.shuffle(goods).slice(0, random.between(1, 6))
  const lines = names.map((name) => ({
    count: random.between(1, 12),
    name: random.chance(0.5) ? `${random.pick(qualities)} ${name}` : name,
    cents: random.chance(0.7) ? random.between(49, 9999) : random.between(100, 450) * 100,
  }))
  const gross = lines.reduce((sum, { count, cents }) => sum + count * cents, 0)
  const discount = random.pick([3, 5, 8, 10, 12, 15, 20, 25, 30])
  return {
    customer: `${random.pick(customers)} ${random.pick(trades)}`,
    lines,
    gross,
    rebate: Math.floor((gross * discount + 50) / 100),
    discount,
    taxHundredths: random.pick([500, 600, 700, 770, 800, 825, 1000, 1375, 1900, 2000, 2100, 2550]),
  }
}

export function invoiceSlots({ customer, lines, discount, taxHundredths }: Invoice, wordingIndex: number): Slots {
  const form = formOf(wordingIndex)
  const items = lines.map(({ count, name, cents }) => form.write(count, name, amountText(cents))).join(form.join)
  return { customer, items, discount: String(discount), tax: String(taxHundredths / 100) }
}

export function readInvoice(slots: Slots, wordingIndex: number) {
  const items = readRows(slots['items'] ?? '', formOf(wordingIndex)).map((row) => ({
    quantity: Number(row['quantity']),
    price: row['price'],
  }))
  return { items, discount: slots['discount'], tax: slots['tax'] }
}

/** Cents after the discount and before the tax. Throws `RangeError` on arguments that are no invoice. */
export function netOf(values: Record<string, unknown>): number {
  const amounts = listOf(values['items'], 'items', (value, name) => {
    const fields = fieldsOf(value, name)
    const count = numberOf(fields['quantity'], `${name}.quantity`)
    if (!Number.isInteger(count) || count < 1 || count > 9999) throw new RangeError(`${name}.quantity is not a number of pieces: ${count}`)
    return count * centsOf(fields['price'], `${name}.price`)
  })
  if (amounts.length === 0) throw new RangeError('the invoice has no items')
  const gross = amounts.reduce((sum, cents) => sum + cents, 0)
  return gross - halfUp(gross * hundredthsOf(values['discount'], 'discount'), 10000)
}

function formOf(index: number) {
  const form = forms[index]
  if (!form) throw new RangeError(`no invoice in wording ${index}`)
  return form
}

/** Hundredths of a percent. */
function hundredthsOf(value: unknown, name: string): number {
  const percent = textOf(value, name)
  if (!new RegExp(`^${percentPattern}$`).test(percent)) throw new RangeError(`${name} is not a percentage: ${percent}`)
  const [whole = '', rest = ''] = percent.split('.')
  return Number(whole) * 100 + Number(rest.padEnd(2, '0'))
}
