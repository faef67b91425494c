import { families, familyNamed, seededRandom, type Family } from '@toolwright/families'
import { describe, expect, test } from 'vitest'
import { FaultyWay, overlay, Settings } from '../settings.ts'
import type { Player } from './mistake.ts'
import { propose } from './propose.ts'
import { createRecognise } from './recognise.ts'
import type { Toolbox } from './toolbox.ts'
import type { ShownExample } from './understand.ts'

const recognise = createRecognise()
const SCHEMA = JSON.stringify({
  type: 'object',
  properties: { words: { type: 'array', items: { type: 'string' } } },
  required: ['words'],
  additionalProperties: false,
})

/** Marks what of the family's Python would be used. */
const toolbox: Toolbox = {
  toolFor: (family, wordings) => ({
    schema: SCHEMA,
    source: `# ${family} ${wordings.join()}\ndef solve(words: list) -> str:\n    return " ".join(sorted(words))\n\n\ndef extract(text):\n    return None\n`,
    parameters: ['words'],
  }),
}

function named(name: string): Family {
  const family = familyNamed(name)
  if (!family) throw new Error(`no family ${name}`)
  return family
}

function examples(name: string, wordings: number[], seed = 'examples'): ShownExample[] {
  return wordings.map((wording, at) => {
    const { text, target } = named(name).generate(seededRandom(seed, at), wording)
    return { text, answer: target }
  })
}

function player(settings: Record<string, unknown>, seed = '0'): Player {
  return { settings: overlay(Settings.parse({}), settings), role: 'strong', seed }
}

const RIGHT = { wrongness: { strong: { propose: { otherwise: 0 }, repair: { otherwise: 0 } } } }
const WRONG = { wrongness: { strong: { propose: { otherwise: 1 }, repair: { otherwise: 1 } } } }

function only(way: FaultyWay): Record<string, unknown> {
  return { ...WRONG, faultyWays: Object.fromEntries(FaultyWay.options.map((option) => [option, option === way ? 1 : 0])) }
}

function say(settings: Record<string, unknown>, shown: ShownExample[], seed = '0', asked: 'propose' | 'repair' = 'propose'): string {
  return propose(player(settings, seed), { asked, examples: shown, conversation: JSON.stringify(shown) }, recognise, toolbox)
}

function blocks(reply: string): { schema: string; source: string } | null {
  const [, schema, source] = /```json\n([\s\S]*?)\n```\n\n```python\n([\s\S]*?)\n```$/.exec(reply) ?? []
  return schema === undefined || source === undefined ? null : { schema, source }
}

describe('a right tool', () => {
  test('reads just the wordings that were shown', () => {
    expect(blocks(say(RIGHT, examples('word-sorting', [0, 0, 0])))?.source).toContain('# word-sorting 0\n')
    expect(blocks(say(RIGHT, examples('word-sorting', [2, 0, 2])))?.source).toContain('# word-sorting 0,2\n')
  })

  test('comes for examples without answers too', () => {
    const unlabelled = examples('word-sorting', [1, 1, 1]).map(({ text }) => ({ text, answer: null }))
    expect(blocks(say(RIGHT, unlabelled))?.source).toContain('# word-sorting 1\n')
  })
})

describe('a faulty tool', () => {
  const shown = examples('word-sorting', [0, 0, 0])
  const right = blocks(say(RIGHT, shown))

  test.each(FaultyWay.options)('%s differs from the right one in every variant, and is the same each time', (way) => {
    const replies = Array.from({ length: 20 }, (_, at) => say(only(way), shown, String(at)))
    expect(Array.from({ length: 20 }, (_, at) => say(only(way), shown, String(at)))).toEqual(replies)
    for (const reply of replies) {
      const candidate = blocks(reply)
      expect(candidate).not.toEqual(right)
      expect(candidate === null).toBe(way === 'no-code' || way === 'cut-off')
    }
  })

  test('comes at its set share, and repaired at another', () => {
    const settings = { wrongness: { strong: { propose: { otherwise: 0.4 }, repair: { otherwise: 0.1 } } } }
    const share = (asked: 'propose' | 'repair') => {
      const faulty = Array.from({ length: 1_000 }, (_, at) => say(settings, shown, String(at), asked)).filter(
        (reply) => blocks(reply)?.source !== right?.source,
      )
      return faulty.length / 1_000
    }
    // A bad schema leaves the source as it is: a tenth of the faulty ones.
    expect(share('propose')).toBeGreaterThan(0.3)
    expect(share('propose')).toBeLessThan(0.42)
    expect(share('repair')).toBeLessThan(0.14)
  })
})

describe('where no tool can be made', () => {
  test('unknown texts and mixed families get a tool for the shown data alone', () => {
    const unknown = [{ text: 'Feed the cat', answer: 'fed' }]
    const mixed = [...examples('word-sorting', [0]), ...examples('word-sorting-reverse', [0])]
    for (const texts of [unknown, mixed, [...examples('word-sorting', [0]), ...unknown]]) {
      const candidate = blocks(say(RIGHT, texts))
      expect(candidate?.source).toContain('SHOWN = dict(json.loads(')
      expect(JSON.parse(candidate?.schema ?? '')).toMatchObject({ required: ['text'] })
    }
  })

  const untoolable = families.filter((family) => family.group === 'untoolable').map((family) => family.name)
  test.skipIf(untoolable.length === 0)('untoolable families get a guess, hedged unless set otherwise', () => {
    for (const name of untoolable) {
      expect(blocks(say(RIGHT, examples(name, [0, 0, 0])))?.source).toContain('return "Probably " + answer')
      expect(blocks(say({ ...RIGHT, guesses: 'plain' }, examples(name, [0, 0, 0])))?.source).toContain('return answer\n')
    }
  })
})
