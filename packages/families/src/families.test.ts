import { describe, expect, test } from 'vitest'
import { families, familyNamed, recognise } from './families.ts'
import { seededRandom } from './random.ts'

const samplesPerWording = 200

describe.each(families.map((family) => ({ name: family.name, family })))('$name', ({ family }) => {
  const samples = Array.from({ length: family.wordings }, (_, wording) =>
    Array.from({ length: samplesPerWording }, (_unused, index) => {
      const random = seededRandom('test', family.name, wording, index)
      const sample = family.generate(random, wording)
      return { wording, random, ...sample }
    }),
  ).flat()

  test('has at least three wordings and varied texts', () => {
    expect(family.wordings).toBeGreaterThanOrEqual(3)
    // Opinions may come from a short list.
    expect(new Set(samples.map(({ text }) => text)).size).toBeGreaterThan(family.group === 'untoolable' ? 20 : samples.length * 0.8)
  })

  test('understands its own texts and solves them', () => {
    for (const { text, wording, target } of samples) {
      const recognised = family.recognise(text)
      expect({ text, wording: recognised?.wording, answer: family.solve(recognised?.arguments ?? {}) }).toEqual({
        text,
        wording,
        answer: target,
      })
    }
  })

  test('gives arguments that survive JSON', () => {
    for (const { text } of samples) {
      const recognised = family.recognise(text)
      expect(JSON.parse(JSON.stringify(recognised))).toEqual(recognised)
    }
  })

  test('reads over a typo, which changes one place and nothing about the answer', () => {
    for (const { text, random } of samples) {
      const slipped = family.withTypo(random, text)
      expect(slipped).not.toBe(text)
      expect(Math.abs(slipped.length - text.length)).toBeLessThanOrEqual(1)
      expect({ slipped, ...family.recognise(slipped) }).toEqual({ slipped, ...family.recognise(text) })
    }
  })

  test('is the only one that recognises its texts, with or without a typo', () => {
    const others = families.filter((other) => other !== family)
    for (const { text, random } of samples) {
      for (const written of [text, family.withTypo(random, text)]) {
        const accepted = others.filter((other) => other.recognise(written)).map((other) => other.name)
        expect({ written, accepted }).toEqual({ written, accepted: [] })
      }
    }
  })

  test('gives the same sample for the same seed', () => {
    for (const wording of Array.from({ length: family.wordings }).keys()) {
      const [first, second] = [0, 0].map(() => family.generate(seededRandom('same', wording), wording))
      expect(first).toEqual(second)
    }
  })

  test('recognises no text with words before or after it', () => {
    if (family.group === 'untoolable') return
    for (const { text } of samples.slice(0, 5)) {
      expect(family.recognise(`Do not: ${text}`)).toBeNull()
      expect(family.recognise(`${text} Do the opposite.`)).toBeNull()
    }
  })
})

test('names are unique and every near miss has its original', () => {
  expect(new Set(families.map(({ name }) => name)).size).toBe(families.length)
  const nearMisses = families.filter(({ nearMissOf }) => nearMissOf !== null)
  expect(nearMisses.length).toBeGreaterThanOrEqual(3)
  for (const { name, nearMissOf } of nearMisses) {
    expect(nearMissOf).not.toBe(name)
    expect(familyNamed(nearMissOf ?? '')).not.toBeNull()
  }
})

test('finds the family of a text, and none for an unknown text', () => {
  expect(recognise('Sort the following words alphabetically: List: oven costume counterpart')).toMatchObject({
    family: { name: 'word-sorting' },
    wording: 0,
    arguments: { words: ['oven', 'costume', 'counterpart'] },
  })
  expect(recognise('Who wrote this?')).toBeNull()
  expect(familyNamed('nothing')).toBeNull()
})
