import type { Random } from './random.ts'

export type Slots = Record<string, string>

/** One way to put a request: fixed text with slots for the data. */
export interface Wording {
  write(slots: Slots): string
  /** What stands in the slots, one slip of the keyboard in the fixed words read over; null where the fixed text is another. */
  read(text: string): Slots | null
  /** The text with one slip in a fixed word. Throws `RangeError` where the text is not in this wording. */
  withTypo(random: Random, text: string): string
}

/**
 * `template` holds `{name}` where `patterns.name` (a regular expression without capturing groups) matches data; a name used again must stand for
 * the same text again. Slips happen in fixed words of five letters or more, inside the word, so that no short word turns into another.
 */
export function wording(template: string, patterns: Slots): Wording {
  const { pattern, words } = compile(template, patterns)

  const match = (text: string) => {
    const found = pattern.exec(text)
    if (!found?.groups || !found.indices?.groups) return null
    const written = { ...found.groups }
    const slips = Object.entries(words).filter(([group, word]) => written[group] !== word)
    if (slips.length > 1) return null
    return { written, spans: found.indices.groups }
  }

  return {
    write: (slots) =>
      template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
        const value = slots[name]
        if (value === undefined) throw new RangeError(`no value for the slot ${name}`)
        return value
      }),
    read: (text) => {
      const found = match(text)
      if (!found) return null
      return Object.fromEntries(Object.entries(found.written).filter(([group]) => group in patterns))
    },
    withTypo: (random, text) => {
      const found = match(text)
      if (!found) throw new RangeError('the text is not in this wording')
      const [group, word] = random.pick(Object.entries(words))
      // Every word is a group that a match always fills.
      const [start, end] = found.spans[group]!
      return text.slice(0, start) + random.pick(slipsOf(word)) + text.slice(end)
    },
  }
}

function compile(template: string, patterns: Slots): { pattern: RegExp; words: Slots } {
  const words: Slots = {}
  const named = new Set<string>()
  const source = template.replaceAll(/\{(\w+)\}|([A-Za-z]{5,})|[A-Za-z]+|[^A-Za-z{]+/g, (part, slot?: string, word?: string) => {
    if (slot !== undefined) {
      const pattern = patterns[slot]
      if (pattern === undefined) throw new RangeError(`no pattern for the slot ${slot}`)
      if (named.has(slot)) return `\\k<${slot}>`
      named.add(slot)
      return `(?<${slot}>${pattern})`
    }
    if (word !== undefined) {
      const group = `word${Object.keys(words).length}`
      words[group] = word
      // The slips spelled out, not any word: data beside a fixed word would be taken for it.
      return `(?<${group}>${[word, ...slipsOf(word)].join('|')})`
    }
    return RegExp.escape(part)
  })
  return { pattern: new RegExp(`^${source}$`, 'du'), words }
}

/** Every word that one dropped, doubled or swapped letter inside `word` makes. */
function slipsOf(word: string): string[] {
  const slips: string[] = []
  for (let i = 1; i < word.length - 1; i++) {
    slips.push(word.slice(0, i) + word.slice(i + 1))
    slips.push(word.slice(0, i + 1) + word.slice(i))
    if (i < word.length - 2 && word[i] !== word[i + 1]) slips.push(word.slice(0, i) + word[i + 1] + word[i] + word.slice(i + 2))
  }
  return slips
}
