import { expect, test } from 'vitest'
import { groupByWording } from './wordings.ts'

const sort = (words: string) => ({ text: `Sort the following words alphabetically: List: ${words}` })
const put = (words: string) => ({ text: `Please put these in the order of the alphabet, thanks: ${words}` })

test('texts stand with those of their wording, the commonest first, and a slip of the keyboard stands alone', () => {
  const slip = { text: 'Sort the folowing words alphabetically: List: kiwi lime' }
  const all = [put('a b'), sort('oven hat'), sort('tree'), slip, put('c'), sort('x y z'), put('d e f'), sort('pear fig')]
  const { groups, odd } = groupByWording(all)
  expect(groups.map((group) => group.length)).toEqual([4, 3])
  expect(groups[0]!.every(({ text }) => text.startsWith('Sort the following'))).toBe(true)
  expect(odd).toEqual([slip])
})

test('no texts, no groups', () => {
  expect(groupByWording([])).toEqual({ groups: [], odd: [] })
})
