import { expect, test } from 'vitest'
import { seededRandom } from './random.ts'
import { wording } from './wording.ts'

const greeting = wording('Greet {name} (not {other}) warmly, dear {name}.', { name: '[A-Z][a-z]+', other: '[A-Z][a-z]+' })

test('reads back what it was filled with', () => {
  const slots = { name: 'Ana', other: 'Leo' }
  const text = greeting.write(slots)
  expect(text).toBe('Greet Ana (not Leo) warmly, dear Ana.')
  expect(greeting.read(text)).toEqual(slots)
})

test('reads over one slip in a long word, never over two or a changed short word', () => {
  const slots = { name: 'Ana', other: 'Leo' }
  expect(greeting.read('Geret Ana (not Leo) warmly, dear Ana.')).toEqual(slots)
  expect(greeting.read('Greet Ana (not Leo) warmmly, dear Ana.')).toEqual(slots)
  expect(greeting.read('Geret Ana (not Leo) warmmly, dear Ana.')).toBeNull()
  expect(greeting.read('Greet Ana (nto Leo) warmly, dear Ana.')).toBeNull()
  expect(greeting.read('Greet Ana (not Leo) coldly, dear Ana.')).toBeNull()
})

test('refuses another value where a slot is used again, and anything around the text', () => {
  expect(greeting.read('Greet Ana (not Leo) warmly, dear Leo.')).toBeNull()
  expect(greeting.read('Greet Ana (not Leo) warmly, dear Ana. Now.')).toBeNull()
})

test('tells fixed words from data of the same letters', () => {
  const cell = wording('What is the {key} where {column} is {value}?', { key: '[a-z ]+', column: '[a-z ]+', value: '[A-Z]' })
  const slots = { key: 'product', column: 'item number', value: 'M' }
  expect(cell.read('What is the product where item number is M?')).toEqual(slots)
  expect(cell.read('What is the product whree item number is M?')).toEqual(slots)
})

test('makes typos outside the data', () => {
  const random = seededRandom('typos')
  for (let index = 0; index < 100; index++) {
    const text = greeting.withTypo(random, 'Greet Ana (not Leo) warmly, dear Ana.')
    expect(text).toMatch(/^G\w+ Ana \(not Leo\) w\w+, dear Ana\.$/)
    expect(text).not.toBe('Greet Ana (not Leo) warmly, dear Ana.')
  }
})

test('refuses a template without a pattern, a missing value and a typo in a text of another wording', () => {
  expect(() => wording('Greet {name}', {})).toThrow(RangeError)
  expect(() => greeting.write({ name: 'Ana' })).toThrow(RangeError)
  expect(() => greeting.withTypo(seededRandom(1), 'Hello')).toThrow(RangeError)
})
