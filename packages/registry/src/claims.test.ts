import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { openClaims } from './claims.ts'
import type { Reading } from './kind.ts'
import { fitsReading } from './reading.ts'

const readingWith = (templates: (string | null)[][]): Reading => ({
  templates: templates.map((tokens) => ({ tokens, lines: 3 })),
  pending: [],
  samples: [],
  members: 3,
  vocabulary: null,
  origins: {},
})

const token = fc.constantFrom('sort', 'the', 'words', 'list', 'reverse', 'numbers', '1', ':')
const template = fc.array(fc.oneof(token, fc.constant(null)), { maxLength: 6 })
const kindId = (at: number) => `k-kind-${String(at).padStart(6, '0')}`

test('no kind whose reading a line fits is passed over, whatever was put, put again or dropped before', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat({ max: 8 }), fc.option(fc.array(template, { maxLength: 3 }))), { maxLength: 30 }),
      fc.array(token, { maxLength: 8 }),
      (changes, line) => {
        const claims = openClaims()
        const readings = new Map<string, Reading>()
        for (const [at, templates] of changes) {
          const kind = kindId(at)
          if (templates === null) {
            claims.drop(kind)
            readings.delete(kind)
          } else {
            claims.put(kind, readingWith(templates))
            readings.set(kind, readingWith(templates))
          }
        }
        const candidates = claims.candidates(line)
        const fitting = [...readings].filter(([, reading]) => fitsReading(reading, line)).map(([kind]) => kind)
        expect(candidates).toEqual(expect.arrayContaining(fitting))
        expect(candidates.every((kind) => readings.has(kind))).toBe(true)
      },
    ),
  )
})

test('of a thousand kinds that share their common words, a line has few to be held against', () => {
  const claims = openClaims()
  for (let at = 0; at < 1_000; at++) claims.put(kindId(at), readingWith([['please', 'sort', 'these', `word${at}`, null, 'now']]))
  const candidates = claims.candidates(['please', 'sort', 'these', 'word500', 'x', 'y', 'now'])
  expect(candidates).toContain(kindId(500))
  expect(candidates.length).toBeLessThan(10)
})
