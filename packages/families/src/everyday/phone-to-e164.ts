import type { Random } from '../random.ts'
import { textOf } from '../read-values.ts'
import { wordedFamily } from '../worded-family.ts'
import { wording } from '../wording.ts'

/** Name, country code, trunk prefix. */
const countries = [
  ['Germany', '49', '0'],
  ['France', '33', '0'],
  ['Austria', '43', '0'],
  ['Switzerland', '41', '0'],
  ['Sweden', '46', '0'],
  ['Japan', '81', '0'],
  ['Australia', '61', '0'],
  ['India', '91', '0'],
  ['Brazil', '55', '0'],
  ['Turkey', '90', '0'],
  ['South Africa', '27', '0'],
  ['Ireland', '353', '0'],
  ['Hungary', '36', '06'],
  ['Russia', '7', '8'],
  ['Canada', '1', '1'],
] as const

const patterns = {
  country: '[A-Z][a-z]+(?: [A-Z][a-z]+)*',
  code: '[1-9][0-9]{0,2}',
  trunk: '[0-9]{1,2}',
  number: '[+(]?[0-9][0-9 ()./-]*[0-9]',
}

export const phoneToE164 = wordedFamily({
  name: 'phone-to-e164',
  group: 'everyday',
  nearMissOf: null,
  about: 'phone numbers brought to E.164',
  wordings: [
    wording(
      'Bring this phone number to E.164 form. Country code: +{code}. Trunk prefix to drop: {trunk}. A number with + or 00 in front has its country ' +
        'code already. Number: {number}',
      patterns,
    ),
    wording(
      'A caller from {country} left the number {number}. Store it as E.164, a plus sign and digits only. The country code there is +{code}, and the ' +
        'prefix {trunk} is dialled only inside the country; + or 00 in front means that the number is international already.',
      patterns,
    ),
    wording(
      'Contact in {country} | phone: {number} | country code: +{code} | trunk prefix: {trunk}\nRewrite the phone field in E.164: without the trunk ' +
        'prefix, and with the country code unless it begins with + or 00 and so has one.',
      patterns,
    ),
  ],
  compose: (random) => {
    const [country, code, trunk] = random.pick(countries)
    const area = `${random.pick([2, 3, 4, 5, 6, 7, 9])}${digits(random, random.between(1, 2))}`
    const local = digits(random, random.between(6, 7))
    return {
      slots: { country, code, trunk, number: writtenNumber(random, { code, trunk, area, local }) },
      target: `+${code}${area}${local}`,
    }
  },
  understand: (slots) => ({ number: slots['number'], country_code: slots['code'], trunk_prefix: slots['trunk'] }),
  solve: (values) => {
    const code = textOf(values['country_code'], 'country_code')
    const trunk = textOf(values['trunk_prefix'], 'trunk_prefix')
    return e164(textOf(values['number'], 'number'), code, trunk)
  },
})

/** Throws `RangeError` where the result is no E.164 number. */
function e164(number: string, code: string, trunk: string): string {
  if (!/^[1-9][0-9]{0,2}$/.test(code) || !/^[0-9]{1,2}$/.test(trunk))
    throw new RangeError(`not a country code and a trunk prefix: ${code}, ${trunk}`)
  if (!new RegExp(`^${patterns.number}$`).test(number)) throw new RangeError(`not a phone number: ${number}`)
  const dialled = number.replaceAll(/[^0-9]/g, '')
  const all = internationalDigits(number, dialled) ?? code + (dialled.startsWith(trunk) ? dialled.slice(trunk.length) : dialled)
  if (!/^[1-9][0-9]{7,14}$/.test(all)) throw new RangeError(`not a number of 8 to 15 digits: ${all}`)
  return `+${all}`
}

function internationalDigits(number: string, dialled: string): string | null {
  if (number.startsWith('+')) return dialled
  return dialled.startsWith('00') ? dialled.slice(2) : null
}

function writtenNumber(random: Random, { code, trunk, area, local }: Record<'code' | 'trunk' | 'area' | 'local', string>): string {
  const half = Math.floor(local.length / 2)
  const [start, end] = [local.slice(0, half), local.slice(half)]
  return random.pick([
    () => `(${trunk}${area}) ${start}-${end}`,
    () => `${trunk}${area}/${local}`,
    () => `${trunk} ${area} ${start} ${end}`,
    () => `${trunk}${area}.${start}.${end}`,
    () => `${trunk}-${area}-${local}`,
    () => `+${code} ${area} ${start} ${end}`,
    () => `+${code} (${area}) ${local}`,
    () => `00${code} ${area} ${local}`,
    () => `00${code}-${area}-${start}-${end}`,
  ])()
}

function digits(random: Random, count: number): string {
  return Array.from({ length: count }, () => random.between(0, 9)).join('')
}
