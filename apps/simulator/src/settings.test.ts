import { families } from '@toolwright/families'
import { expect, test } from 'vitest'
import { overlay, Settings } from './settings.ts'

const DEFAULTS = Settings.parse({})

test('the defaults name only families that exist', () => {
  const names = new Set(families.map((family) => family.name))
  const named = [DEFAULTS.wrongness.strong, DEFAULTS.wrongness.light].flatMap((wrongness) => Object.keys(wrongness.answer.families))
  expect(named.filter((name) => !names.has(name))).toEqual([])
})

test('a partial object changes what it names, and keeps the rest', () => {
  const changed = overlay(DEFAULTS, {
    storm: { allowPerSecond: 5, retryAfterSeconds: 1 },
    wrongness: { strong: { answer: { families: { crt: 0.5 } } } },
  })
  expect(changed).toEqual({
    ...DEFAULTS,
    storm: { allowPerSecond: 5, retryAfterSeconds: 1 },
    wrongness: {
      ...DEFAULTS.wrongness,
      strong: {
        ...DEFAULTS.wrongness.strong,
        answer: { otherwise: 0.1, families: { ...DEFAULTS.wrongness.strong.answer.families, crt: 0.5 } },
      },
    },
  })
  expect(overlay(changed, { storm: null }).storm).toBeNull()
})

test.each([{ correlation: 2 }, { wrongness: { medium: {} } }, { faultyWays: { lazy: 1 } }, 'wrong'])('%j is refused', (partial) => {
  expect(() => overlay(DEFAULTS, partial)).toThrow(/./)
})
