import type { Random } from '../random.ts'
import { listOf, numberOf } from '../read-values.ts'
import { wordedFamily } from '../worded-family.ts'
import { type Slots, wording } from '../wording.ts'

const things =
  'durians mangoes coconuts walnuts marbles pearls buttons stamps coins shells beads pebbles acorns almonds plums lemons cherries candles'.split(
    ' ',
  )
const groups =
  'penguins monkeys racoons rabbits pandas otters badgers foxes wolves tigers lions bears giraffes zebras camels llamas beavers hedgehogs squirrels koalas'.split(
    ' ',
  )
const largestPrime = 293

const patterns = {
  limit: '[1-9][0-9]*',
  things: '[a-z]+',
  ...Object.fromEntries(
    [1, 2, 3].flatMap((n) => [
      [`divisor${n}`, '[1-9][0-9]*'],
      [`rest${n}`, '[0-9]+'],
      [`group${n}`, '[a-z]+'],
    ]),
  ),
}

export const crt = wordedFamily({
  name: 'crt',
  group: 'paper',
  nearMissOf: null,
  about: 'a number found from its remainders',
  wordings: [
    wording(
      'There is a basket of no more than {limit} {things}. If we divide them equally among {divisor1} {group1}, we have {rest1} left; ' +
        'if we divide them equally among {divisor2} {group2}, we have {rest2} left; if we divide them equally among {divisor3} {group3}, ' +
        'we have {rest3} left. How many {things} are in the basket?',
      patterns,
    ),
    wording(
      'A box holds at most {limit} {things}. Shared out fairly to {divisor1} {group1}, {rest1} remain over. Shared out fairly to {divisor2} {group2}, ' +
        '{rest2} remain over. Shared out fairly to {divisor3} {group3}, {rest3} remain over. Find the exact number of {things}.',
      patterns,
    ),
    wording(
      'Tell me the count of {things} in the store, knowing that it is {limit} or fewer: packs of {divisor1} leave {rest1} loose, ' +
        'packs of {divisor2} leave {rest2} loose, and packs of {divisor3} leave {rest3} loose.',
      patterns,
    ),
  ],
  compose: (random) => {
    const divisors = threePrimes(random)
    const limit = divisors.reduce((product, divisor) => product * divisor, 1)
    const answer = random.between(1, limit - 1)
    const slots: Slots = { limit: String(limit), things: random.pick(things) }
    const eaters = random.shuffle(groups)
    for (const [index, divisor] of divisors.entries()) {
      slots[`divisor${index + 1}`] = String(divisor)
      slots[`rest${index + 1}`] = String(answer % divisor)
      slots[`group${index + 1}`] = eaters[index] ?? ''
    }
    return { slots, target: String(answer) }
  },
  understand: (slots) => ({
    limit: Number(slots['limit']),
    divisors: [1, 2, 3].map((n) => Number(slots[`divisor${n}`])),
    remainders: [1, 2, 3].map((n) => Number(slots[`rest${n}`])),
  }),
  solve: (values) => {
    const divisors = listOf(values['divisors'], 'divisors', numberOf)
    const remainders = listOf(values['remainders'], 'remainders', numberOf)
    return String(smallestNumber(numberOf(values['limit'], 'limit'), divisors, remainders))
  },
})

function threePrimes(random: Random): number[] {
  const primes: number[] = []
  for (let n = 2; n <= largestPrime; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n)
  return random
    .shuffle(primes)
    .slice(0, 3)
    .toSorted((a, b) => a - b)
}

/** The smallest positive number up to `limit` with these remainders, found by sieving; the divisors must have no common factor. */
function smallestNumber(limit: number, divisors: readonly number[], remainders: readonly number[]): number {
  if (divisors.length !== remainders.length || divisors.length === 0) throw new RangeError('not as many remainders as divisors')
  let number = 0
  let step = 1
  for (const [index, divisor] of divisors.entries()) {
    const remainder = remainders[index] ?? 0
    if (!Number.isInteger(divisor) || divisor < 1 || remainder < 0 || remainder >= divisor)
      throw new RangeError(`${remainder} is no remainder of ${divisor}`)
    for (let tries = 0; number % divisor !== remainder; tries++) {
      if (tries === divisor) throw new RangeError('no number has these remainders')
      number += step
    }
    step *= divisor
  }
  if (number === 0) number = step
  if (number > limit) throw new RangeError('no number up to the limit has these remainders')
  return number
}
