import type { Random } from '../random.ts'
import { fieldsOf, listOf, textOf } from '../read-values.ts'
import { wordedFamily } from '../worded-family.ts'
import { wording } from '../wording.ts'
import { amountPattern, amountText, centsOf } from './money.ts'
import { readRows, rowsPattern } from './rows.ts'

interface Rate {
  zone: string
  /** Cents up to one kilogram, and for each one more that is started. */
  first: number
  further: number
}

const zones = 'A B C D E F G H'.split(' ')
const amount = (name: string) => `(?<${name}>${amountPattern})`

/** How each wording writes the rates. */
const forms = [
  {
    write: (zone: string, first: string, further: string) =>
      `Zone ${zone}: $${first} for the first kilogram, $${further} for each further one`,
    row: new RegExp(
      String.raw`Zone (?<zone>[A-Z]): \$${amount('first')} for the first kilogram, \$${amount('further')} for each further one`,
    ),
    join: '\n',
  },
  {
    write: (zone: string, first: string, further: string) => `zone ${zone} costs $${first} for up to 1 kg plus $${further} per extra kg`,
    row: new RegExp(String.raw`zone (?<zone>[A-Z]) costs \$${amount('first')} for up to 1 kg plus \$${amount('further')} per extra kg`),
    join: '; ',
  },
  {
    write: (zone: string, first: string, further: string) => `${zone} / ${first} / ${further}`,
    row: new RegExp(`(?<zone>[A-Z]) / ${amount('first')} / ${amount('further')}`),
    join: '; ',
  },
]

const weightPattern = String.raw`(?:0|[1-9][0-9]{0,2})(?:\.[0-9]{1,3})?`
const templates = [
  'Shipping rates per parcel:\n{rates}\nEvery started kilogram counts in full. What does a parcel of {weight} kg to zone {zone} cost? ' +
    'Answer in dollars and cents, like $7.15.',
  'A carrier charges by zone: {rates}. A started kilogram is charged as a whole one. A customer in zone {zone} orders {weight} kg of goods ' +
    'in one box. Work out the postage in the form $7.15.',
  'Price list (zone / first kg / each extra kg, weights rounded up to whole kg): {rates}. Quote the shipping price for {weight} kg to zone ' +
    '{zone}, with a dollar sign and two decimals.',
]

export const shippingRate = wordedFamily({
  name: 'shipping-rate',
  group: 'everyday',
  nearMissOf: null,
  about: 'the price of a parcel by a table of rates',
  wordings: templates.map((template, index) =>
    wording(template, { rates: rowsPattern(formOf(index)), weight: weightPattern, zone: '[A-Z]' }),
  ),
  compose: (random, index) => {
    const rates = someRates(random)
    const { zone, first, further } = random.pick(rates)
    const grams = random.chance(0.5) ? random.between(1, 30) * 1000 : random.between(1, 299) * 100 + random.pick([0, 0, 50])
    const form = formOf(index)
    const lines = rates.map((rate) => form.write(rate.zone, amountText(rate.first), amountText(rate.further)))
    return {
      slots: { rates: lines.join(form.join), weight: String(grams / 1000), zone },
      target: `$${amountText(first + further * Math.max(0, Math.ceil(grams / 1000) - 1))}`,
    }
  },
  understand: (slots, index) => {
    const rates = readRows(slots['rates'] ?? '', formOf(index))
    const named = new Set(rates.map((rate) => rate['zone']))
    if (named.size !== rates.length || !named.has(slots['zone']) || /^[0.]+$/.test(slots['weight'] ?? '')) return null
    return { rates, zone: slots['zone'], weight: slots['weight'] }
  },
  solve: (values) => {
    const rates = listOf(values['rates'], 'rates', (item, name) => {
      const rate = fieldsOf(item, name)
      return {
        zone: textOf(rate['zone'], `${name}.zone`),
        first: centsOf(rate['first'], `${name}.first`),
        further: centsOf(rate['further'], `${name}.further`),
      }
    })
    const [rate, another] = rates.filter(({ zone }) => zone === values['zone'])
    if (!rate || another) throw new RangeError('not exactly one rate for the zone')
    return `$${amountText(rate.first + rate.further * (startedKilograms(textOf(values['weight'], 'weight')) - 1))}`
  },
})

function formOf(index: number) {
  const form = forms[index]
  if (!form) throw new RangeError(`no rates in wording ${index}`)
  return form
}

function someRates(random: Random): Rate[] {
  const picked = random.shuffle(zones).slice(0, random.between(2, 5)).toSorted()
  return picked.map((zone) => ({ zone, first: random.between(70, 500) * 5, further: random.between(8, 120) * 5 }))
}

function startedKilograms(weight: string): number {
  if (!new RegExp(`^${weightPattern}$`).test(weight) || /^[0.]+$/.test(weight)) throw new RangeError(`not a weight: ${weight}`)
  const [whole = '', rest = ''] = weight.split('.')
  return Number(whole) + (/[1-9]/.test(rest) ? 1 : 0)
}
