import { expect, test } from 'vitest'
import { familyNamed, recognise } from '../families.ts'
import { seededRandom } from '../random.ts'

const durians =
  'There is a basket of no more than 19327 durians. If we divide them equally among 7 penguins, we have 3 left; if we divide them equally among ' +
  '11 monkeys, we have 9 left; if we divide them equally among 251 racoons, we have 1 left. How many durians are in the basket?'
const meeting = (which: string) =>
  'A and B want to schedule a 1.5-hour meeting together.\n' +
  "A's availability: 09:00 - 09:30, 10:30 - 13:00, 15:00 - 17:00\n" +
  "B's availability: 09:00 - 12:30, 14:00 - 16:30\n" +
  `What time slot works best? (if multiple, choose the ${which} one)`
const books =
  'The following paragraphs each describe a set of three objects arranged in a fixed order. The statements are logically consistent within each ' +
  'paragraph. On a shelf, there are three books: a red book, a gray book, and an orange book. The red book is to the left of the gray book. ' +
  'The orange book is the rightmost.\nOptions:\n(A) The red book is the leftmost\n(B) The gray book is the leftmost\n(C) The orange book is the leftmost'
const gifts =
  'Alice, Bob, and Claire are holding a white elephant gift exchange. At the start of the event, they are each holding a present of a different ' +
  'color: Alice has a pink ball, Bob has an orange ball, and Claire has a white present. As the event progresses, pairs of people swap gifts. ' +
  'First, Bob and Claire swap their gifts. Then, Alice and Bob swap their gifts. Finally, Claire and Bob swap their gifts. ' +
  'At the end of the event, Alice has the\nOptions:\n(A) pink ball\n(B) orange ball\n(C) white present'

test.each([
  ['word-sorting', 'Sort the following words alphabetically: List: oven costume counterpart', 'costume counterpart oven'],
  [
    'word-sorting-reverse',
    'Sort the following words in reverse alphabetical order: List: oven costume counterpart',
    'oven counterpart costume',
  ],
  ['dyck', 'Complete the rest of the sequence, making sure that the parentheses are closed properly. Input: < [ (', ') ] >'],
  ['crt', durians, '10041'],
  ['schedule', meeting('earliest'), '10:30 - 12:00'],
  ['schedule-latest', meeting('latest'), '15:00 - 16:30'],
  ['logical-deduction', books, '(A)'],
  ['tracking', gifts, '(C)'],
])('%s in the words of the public data set', (family, text, answer) => {
  const found = recognise(text)
  expect(found).toMatchObject({ family: { name: family }, wording: 0 })
  expect(found?.family.solve(found.arguments)).toBe(answer)
})

test.each([
  ['dyck', { sequence: '( ]' }],
  ['dyck', { sequence: 3 }],
  ['crt', { limit: 10, divisors: [3, 5], remainders: [2, 1] }],
  ['crt', { limit: 100, divisors: [3, 5], remainders: [2] }],
  ['schedule', { hours: 1, availabilities: [['10:00 - 09:00']] }],
  ['schedule', { hours: 0, availabilities: [['09:00 - 10:00']] }],
  ['word-sorting', {}],
  ['tracking', { start: [], swaps: [{ first: 'Bob', second: 'Eve' }], person: 'Bob', options: [] }],
  ['logical-deduction', { objects: ['a', 'b'], before: [], placed: [], options: [{ label: 'A', object: 'a', position: 1 }] }],
])('%s refuses arguments that it cannot use', (name, values) => {
  expect(() => familyNamed(name)?.solve(values)).toThrow(RangeError)
})

function samples(name: string) {
  return Array.from({ length: 600 }, (_, index) => {
    const family = familyNamed(name)
    const { text, target } = family?.generate(seededRandom('vary', index), index % 3) ?? {}
    return { target, arguments: family?.recognise(text ?? '')?.arguments ?? {} }
  })
}

test('the data vary as widely as the public sets', () => {
  const sizes = (name: string, list: string) => new Set(samples(name).map((sample) => [sample.arguments[list]].flat().length))
  expect(sizes('logical-deduction', 'objects')).toEqual(new Set([3, 5, 7]))
  expect(sizes('tracking', 'start')).toEqual(new Set([3, 5, 7]))
  expect([...sizes('word-sorting', 'words')].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 19 }, (_, index) => index + 2))
  const idle = samples('schedule').filter(({ target }) => target === 'No time slot works.').length
  expect(idle).toBeGreaterThan(60)
  expect(idle).toBeLessThan(240)
  const deepest = Math.max(...samples('dyck').map(({ target }) => target?.split(' ').length ?? 0))
  expect(deepest).toBeGreaterThanOrEqual(10)
  expect(deepest).toBeLessThanOrEqual(12)
})
