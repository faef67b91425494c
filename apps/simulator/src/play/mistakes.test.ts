import { families, familyNamed, seededRandom, type Family } from '@toolwright/families'
import { describe, expect, test } from 'vitest'
import { overlay, Settings } from '../settings.ts'
import { answer } from './answer.ts'
import { mistake, type Player } from './mistake.ts'
import { createRecognise } from './recognise.ts'
import { wrongAnswer } from './wrong-answer.ts'

const DEFAULTS = Settings.parse({})
const recognise = createRecognise()

function player(settings: Record<string, unknown>, seed = '0'): Player {
  return { settings: overlay(DEFAULTS, settings), role: 'light', seed }
}

function named(name: string): Family {
  const family = familyNamed(name)
  if (!family) throw new Error(`no family ${name}`)
  return family
}

const withAnswers = families.filter((family) => family.generate(seededRandom('any'), 0).target !== null)

test.each(withAnswers.map((family) => [family.name, family] as const))(
  'a wrong answer to %s is never the right one, and not the text of no rule',
  (_, family) => {
    for (let at = 0; at < 200; at++) {
      const random = seededRandom(family.name, at)
      const { text, target } = family.generate(random, at % family.wordings)
      const wrong = wrongAnswer(random, target ?? '', text, family)
      expect(wrong).not.toBe(target)
      expect(wrong.trim()).not.toBe('')
    }
  },
)

test.each([
  ['logical-deduction', /^\([A-E]\)$|^\([A-G]\)$/],
  ['crt', /^\d+$/],
  ['schedule', /^(\d\d:\d\d ?- ?\d\d:\d\d|No time slot works\.)$/],
  ['dyck', /^[\])}>](?: [\])}>])*$/],
])('a wrong answer to %s has the form of a right one', (name, form) => {
  const family = named(name)
  for (let at = 0; at < 100; at++) {
    const random = seededRandom('form', at)
    const { text, target } = family.generate(random, 0)
    expect(wrongAnswer(random, target ?? '', text, family)).toMatch(form)
  }
})

describe('the share of mistakes', () => {
  const texts = Array.from({ length: 3_000 }, (_, at) => `text ${at}`)
  const share = (settings: Record<string, unknown>, family: string, seed?: string) =>
    texts.filter((text) => mistake(player(settings, seed), 'answer', family, text)).length / texts.length

  test('is the set one, by family or otherwise, whatever the correlation', () => {
    const answerWrongness = { wrongness: { light: { answer: { otherwise: 0.1, families: { crt: 0.5 } } } } }
    for (const correlation of [0, 0.2, 1]) {
      expect(share({ ...answerWrongness, correlation }, 'crt')).toBeCloseTo(0.5, 1)
      expect(share({ ...answerWrongness, correlation }, 'dates')).toBeCloseTo(0.1, 1)
    }
    expect(share({ wrongness: { light: { answer: { families: { crt: 0 } } } } }, 'crt')).toBe(0)
    expect(share({ wrongness: { light: { answer: { families: { crt: 1 } } } } }, 'crt')).toBe(1)
  })

  test('is the same at every seed for the correlated part', () => {
    const family = named('word-sorting')
    const settings = { wrongness: { light: { answer: { families: { 'word-sorting': 0.5 } } } }, correlation: 0.4 }
    const lines = Array.from({ length: 1_500 }, (_, at) => family.generate(seededRandom('line', at), 0))
    const agreed = lines.filter(({ text, target }) => {
      const [one, other] = ['1', '2'].map((seed) => answer(player(settings, seed), text, recognise(text)))
      return one !== target && one === other
    })
    // 0.5 * 0.4 is stuck; of the rest few fresh mistakes happen to agree.
    expect(agreed.length / lines.length).toBeGreaterThan(0.17)
    expect(agreed.length / lines.length).toBeLessThan(0.25)
  })
})
