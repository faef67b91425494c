import { describe, expect, test } from 'vitest'
import { hashOf, jobIdOf, KindId, kindIdOf, newRunId, RunId, SpaceName } from './ids.ts'

describe('ids', () => {
  test('a new run has an id that none has had', () => {
    const ids = Array.from({ length: 500 }, newRunId)
    for (const id of ids) expect(RunId.parse(id)).toBe(id)
    expect(new Set(ids).size).toBe(500)
  })

  test.each([
    ['Sort words', /^k-sort-words-[0-9a-f]{6}$/],
    ['  Ünïcode & Straße!  ', /^k-unicode-stra-e-[0-9a-f]{6}$/],
    ['日本語', /^k-kind-[0-9a-f]{6}$/],
    ['', /^k-kind-[0-9a-f]{6}$/],
    ['Sort the following words alphabetically: List: oven', /^k-sort-the-following-words-alp-[0-9a-f]{6}$/],
    ['a'.repeat(27) + ' b', /^k-a{27}-[0-9a-f]{6}$/],
  ])('a kind of %j has an id that reads well', (label, pattern) => {
    const id = kindIdOf(label, 'named', label)
    expect(id).toMatch(pattern)
    expect(KindId.parse(id)).toBe(id)
  })

  test('kinds of one label are told apart by what makes them unique', () => {
    expect(kindIdOf('sort', 'named', 'sort', '')).toBe(kindIdOf('sort', 'named', 'sort', ''))
    expect(kindIdOf('sort', 'named', 'sort', 'frame')).not.toBe(kindIdOf('sort', 'named', 'sort', ''))
  })

  test('no two lists of parts share a hash by sharing a text', () => {
    const lists = [['ab', 'c'], ['a', 'bc'], ['abc'], ['abc', ''], ['', 'abc'], ['1:a'], ['1', 'a'], ['1:1', ':a'], []]
    expect(new Set(lists.map((parts) => hashOf(...parts))).size).toBe(lists.length)
    expect(hashOf(12)).toBe(hashOf('12'))
    expect(hashOf('a')).toMatch(/^[0-9a-f]{64}$/)
  })

  test('a job id is one that BullMQ takes: no colon, no integer, the same for the same parts', () => {
    const id = jobIdOf('results', 'default', 'r-aaaaaaaaaa', 1, 2)
    expect(id).toMatch(/^results-[0-9a-f]{32}$/)
    expect(jobIdOf('results', 'default', 'r-aaaaaaaaaa', 1, 2)).toBe(id)
    expect(jobIdOf('results', 'default', 'r-aaaaaaaaaa', 12)).not.toBe(id)
    expect(jobIdOf('direct', 'default', 'r-aaaaaaaaaa', 1, 2).slice(7)).not.toBe(id.slice(8))
  })

  test.each([
    ['default', true],
    ['team-7', true],
    ['-x', false],
    ['Team', false],
    ['a'.repeat(33), false],
    ['a:b', false],
    ['', false],
  ])('the space name %j is taken: %s', (name, isTaken) => {
    expect(SpaceName.safeParse(name).success).toBe(isTaken)
  })
})
