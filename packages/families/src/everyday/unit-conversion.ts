import type { Random } from '../random.ts'
import { numberOf, textOf } from '../read-values.ts'
import { wordedFamily } from '../worded-family.ts'
import { wording } from '../wording.ts'

/** A value in the base unit is (value + zero / 100) x times / per. */
interface Unit {
  zero: bigint
  times: bigint
  per: bigint
}

const units: Record<string, Record<string, Unit>> = {
  length: {
    millimeters: scaled(1n, 1000n),
    centimeters: scaled(1n, 100n),
    meters: scaled(1n),
    kilometers: scaled(1000n),
    inches: scaled(254n, 10000n),
    feet: scaled(3048n, 10000n),
    yards: scaled(9144n, 10000n),
    miles: scaled(1609344n, 1000n),
  },
  mass: {
    grams: scaled(1n, 1000n),
    kilograms: scaled(1n),
    ounces: scaled(28349523125n, 1000000000000n),
    pounds: scaled(45359237n, 100000000n),
  },
  volume: { milliliters: scaled(1n, 1000n), liters: scaled(1n), 'US gallons': scaled(3785411784n, 1000000000n) },
  temperature: {
    'degrees Celsius': { zero: 27315n, times: 1n, per: 1n },
    'degrees Fahrenheit': { zero: 45967n, times: 5n, per: 9n },
    kelvins: scaled(1n),
  },
}

const valuePattern = String.raw`-?(?:0|[1-9][0-9]{0,6})(?:\.[0-9]{1,4})?`
const unitPattern = Object.values(units).flatMap(Object.keys).join('|')
const patterns = { value: valuePattern, from: unitPattern, to: unitPattern, decimals: '[2-9]' }

export const unitConversion = wordedFamily({
  name: 'unit-conversion',
  group: 'everyday',
  nearMissOf: null,
  about: 'a measure in another unit',
  wordings: [
    wording(
      'Convert {value} {from} to {to}. Round to {decimals} decimal places, halves away from zero, and answer with the number alone.',
      patterns,
    ),
    wording(
      'How many {to} are {value} {from}? Give just the number, with {decimals} digits after the decimal point (an exact half is rounded away from zero).',
      patterns,
    ),
    wording(
      'The data sheet says {value} {from}, but our form wants {to}. Which number do I type in? It takes {decimals} decimals, half rounds away from zero.',
      patterns,
    ),
  ],
  compose: (random) => {
    const { value, from, to } = someMeasure(random)
    const decimals = random.between(2, 4)
    return { slots: { value, from, to, decimals: String(decimals) }, target: convert(value, from, to, decimals) }
  },
  understand: ({ value = '', from = '', to = '', decimals }) =>
    from !== to && dimensionOf(from) === dimensionOf(to) ? { value, from_unit: from, to_unit: to, decimals: Number(decimals) } : null,
  solve: (values) => {
    const decimals = numberOf(values['decimals'], 'decimals')
    return convert(
      textOf(values['value'], 'value'),
      textOf(values['from_unit'], 'from_unit'),
      textOf(values['to_unit'], 'to_unit'),
      decimals,
    )
  },
})

function someMeasure(random: Random): { value: string; from: string; to: string } {
  const dimension = random.pick(Object.keys(units))
  const [from = '', to = ''] = random.shuffle(Object.keys(units[dimension] ?? {}))
  const places = random.between(0, 2)
  const isBelowZero = from.startsWith('degrees') && random.chance(0.25)
  const whole = dimension === 'temperature' && from === 'kelvins' ? random.between(150, 400) : random.between(1, random.pick([9, 99, 250]))
  const value = places === 0 ? String(whole) : `${whole}.${String(random.between(1, 10 ** places - 1)).padStart(places, '0')}`
  return { value: isBelowZero ? `-${value}` : value, from, to }
}

/** Exact in whole numbers; trailing zeros stay. Throws `RangeError` on what it cannot convert. */
function convert(value: string, from: string, to: string, decimals: number): string {
  const source = unitOf(from)
  const goal = unitOf(to)
  if (dimensionOf(from) !== dimensionOf(to)) throw new RangeError(`${from} cannot be converted to ${to}`)
  if (!new RegExp(`^${valuePattern}$`).test(value)) throw new RangeError(`not a number: ${value}`)
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > 9) throw new RangeError(`not a number of decimals: ${decimals}`)

  const places = value.split('.')[1]?.length ?? 0
  const scale = 10n ** BigInt(places)
  const top = (BigInt(value.replace('.', '')) * 100n + source.zero * scale) * source.times * goal.per
  const bottom = 100n * scale * source.per * goal.times
  return rounded(top * 100n - goal.zero * bottom, bottom * 100n, decimals)
}

/** The quotient as a decimal number; halves go away from zero. `bottom` is positive. */
function rounded(top: bigint, bottom: bigint, decimals: number): string {
  const size = top < 0n ? -top : top
  const all = (2n * size * 10n ** BigInt(decimals) + bottom) / (2n * bottom)
  const digits = String(all).padStart(decimals + 1, '0')
  const sign = top < 0n && all > 0n ? '-' : ''
  return decimals === 0 ? sign + digits : `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}

function dimensionOf(name: string): string | undefined {
  return Object.keys(units).find((dimension) => Object.hasOwn(units[dimension] ?? {}, name))
}

function unitOf(name: string): Unit {
  const unit = units[dimensionOf(name) ?? '']?.[name]
  if (!unit) throw new RangeError(`not a known unit: ${name}`)
  return unit
}

function scaled(times: bigint, per = 1n): Unit {
  return { zero: 0n, times, per }
}
