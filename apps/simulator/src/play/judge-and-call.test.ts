import { familyNamed, seededRandom, type Family } from '@toolwright/families'
import { describe, expect, test } from 'vitest'
import { overlay, Settings } from '../settings.ts'
import { call } from './call.ts'
import { judge } from './judge.ts'
import type { Player } from './mistake.ts'
import { createRecognise } from './recognise.ts'
import type { ObjectSchema } from './understand.ts'

const recognise = createRecognise()
const sorting = named('word-sorting')
const reverse = named('word-sorting-reverse')
const SCHEMA: ObjectSchema = { type: 'object', properties: { words: {} } }

function named(name: string): Family {
  const family = familyNamed(name)
  if (!family) throw new Error(`no family ${name}`)
  return family
}

function texts(family: Family, count: number, seed: string): string[] {
  return Array.from({ length: count }, (_, at) => family.generate(seededRandom(seed, at), at % family.wordings).text)
}

/** A light model that is always right, or wrong at a set share. */
function player(asked: string, share: number): Player {
  return {
    settings: overlay(Settings.parse({}), { wrongness: { light: { [asked]: { otherwise: share, families: {} } } } }),
    role: 'light',
    seed: '0',
  }
}

describe('judge', () => {
  const groups = [
    { number: 1, texts: texts(reverse, 3, 'groups') },
    { number: 2, texts: texts(sorting, 3, 'groups') },
    { number: 3, texts: ['who knows'] },
  ]
  const say = (text: string, share = 0, shown = groups) =>
    judge(player('judge', share), { asked: 'judge', groups: shown, text }, recognise(text), recognise)

  test('names the group of the same family in any wording, and 0 where there is none', () => {
    expect(texts(sorting, 6, 'new').map((text) => say(text))).toEqual(Array(6).fill(2))
    expect(texts(reverse, 6, 'new').map((text) => say(text))).toEqual(Array(6).fill(1))
    expect(say('who knows')).toBe(0)
    expect(say(texts(named('crt'), 1, 'new')[0] ?? '')).toBe(0)
  })

  test('does not trust a group of two families', () => {
    const mixed = [{ number: 1, texts: [...texts(sorting, 2, 'a'), ...texts(reverse, 1, 'a')] }]
    expect(say(texts(sorting, 1, 'new')[0] ?? '', 0, mixed)).toBe(0)
  })

  test('names another group or none where it is wrong', () => {
    const said = new Set(texts(sorting, 60, 'new').map((text) => say(text, 1)))
    expect(said).toEqual(new Set([0, 1, 3]))
  })
})

describe('call', () => {
  const usage = texts(sorting, 3, 'usage')
  const say = (text: string, share = 0, schema = SCHEMA) =>
    call(player('call', share), { asked: 'call', text, schema, usage }, recognise(text), recognise)

  test('gives the arguments in any wording', () => {
    for (const text of texts(sorting, 6, 'new')) expect(say(text)).toEqual({ applies: true, arguments: recognise(text)?.arguments })
  })

  test('does not apply to a near miss, to unknown text, or where the parameters have other names', () => {
    const no = { applies: false, arguments: null }
    expect(texts(reverse, 3, 'new').map((text) => say(text))).toEqual([no, no, no])
    expect(say('who knows')).toEqual(no)
    expect(say(texts(sorting, 1, 'new')[0] ?? '', 0, { type: 'object', properties: { items: {} } })).toEqual(no)
  })

  test('lets a near miss through where it is wrong', () => {
    const [text = ''] = texts(reverse, 1, 'new')
    expect(say(text, 1)).toEqual({ applies: true, arguments: recognise(text)?.arguments })
  })

  test('gives arguments that lead to another answer where it is wrong', () => {
    for (const text of texts(sorting, 30, 'new')) {
      const said = say(text, 1)
      expect(said.applies).toBe(true)
      expect(sorting.solve(said.arguments ?? {})).not.toBe(sorting.solve(recognise(text)?.arguments ?? {}))
    }
  })
})
