import { expect, test } from 'vitest'
import { families } from './families.ts'
import { generateStream } from './stream.ts'

const count = families.length * 40 + 1
const mixed = [...generateStream({ families, count, seed: 7, mix: true })]

test('is the same for the same options and another for another seed', () => {
  expect([...generateStream({ families, count, seed: 7, mix: true })]).toEqual(mixed)
  expect([...generateStream({ families, count, seed: 8, mix: true })]).not.toEqual(mixed)
})

test('gives every family its share', () => {
  expect(mixed).toHaveLength(count)
  for (const [index, { name }] of families.entries()) {
    expect(mixed.filter(({ family }) => family === name)).toHaveLength(index === 0 ? 41 : 40)
  }
})

test('interleaves the families or keeps them apart, with the same lines', () => {
  const apart = [...generateStream({ families, count, seed: 7, mix: false })]
  const changes = (lines: typeof mixed) => lines.filter(({ family }, index) => index > 0 && lines[index - 1]?.family !== family).length
  expect(changes(apart)).toBe(families.length - 1)
  expect(changes(mixed)).toBeGreaterThan(count / 2)
  const byFamily = (lines: typeof mixed) => families.map(({ name }) => lines.filter(({ family }) => family === name))
  expect(byFamily(mixed)).toEqual(byFamily(apart))
})

test('drifts to further wordings in the second half of each family', () => {
  for (const { name, wordings } of families) {
    const lines = mixed.filter(({ family }) => family === name)
    const used = (part: typeof mixed) => [...new Set(part.map(({ wording }) => wording))].toSorted((a, b) => a - b)
    expect(used(lines.slice(0, 20))).toEqual([0, 1])
    expect(Math.max(...used(lines.slice(21)))).toBeGreaterThan(1)
    expect(Math.max(...used(lines))).toBeLessThan(wordings)
  }
})

test('makes as many typos as asked for', () => {
  const family = families.slice(0, 1)
  const typos = (typoShare?: number) =>
    [...generateStream({ families: family, count: 2000, seed: 1, mix: false, ...(typoShare === undefined ? {} : { typoShare }) })].filter(
      ({ isTypo }) => isTypo,
    ).length
  expect(typos(0)).toBe(0)
  expect(typos(1)).toBe(2000)
  expect(typos()).toBeGreaterThan(5)
  expect(typos()).toBeLessThan(45)
})

test('every line is recognised as what it says', () => {
  for (const { family, text, target, wording } of mixed) {
    const source = families.find(({ name }) => name === family)
    const recognised = source?.recognise(text)
    expect({ text, wording: recognised?.wording, answer: source?.solve(recognised?.arguments ?? {}) }).toEqual({
      text,
      wording,
      answer: target,
    })
  }
})

test('refuses a stream of lines over no family', () => {
  expect(() => [...generateStream({ families: [], count: 1, seed: 1, mix: true })]).toThrow(RangeError)
  expect([...generateStream({ families: [], count: 0, seed: 1, mix: true })]).toEqual([])
})
