import { fits, learn, readingOf, tokensOf } from '@toolwright/registry'

/** Texts of one kind by the wording they are written in, the commonest wording first; `odd`: texts that read like no others, slips of the keyboard among them. */
export function groupByWording<T extends { text: string }>(all: T[]): { groups: T[][]; odd: T[] } {
  const [first, ...rest] = all
  if (first === undefined) return { groups: [], odd: [] }
  const { templates } = rest.reduce((reading, one) => learn(reading, one.text), readingOf(first.text))
  const groups: T[][] = templates.map(() => [])
  const odd: T[] = []
  for (const one of all) {
    const tokens = tokensOf(one.text)
    const at = templates.findIndex((template) => fits(template.tokens, tokens))
    ;(groups[at] ?? odd).push(one)
  }
  return { groups: groups.filter((group) => group.length > 0).toSorted((a, b) => b.length - a.length), odd }
}
