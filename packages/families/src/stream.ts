import type { Family } from './family.ts'
import { type Random, seededRandom } from './random.ts'

export interface StreamOptions {
  families: readonly Family[]
  /** Lines over all families, in equal shares; what is left over goes to the first families. */
  count: number
  seed: number
  /** True: the families in random order. False: one after the other. */
  mix: boolean
  /** Share of lines with a typo, 0.01 by default. */
  typoShare?: number
}

export interface StreamLine {
  family: string
  text: string
  target: string | null
  wording: number
  isTypo: boolean
}

/**
 * Sample requests with known answers, the same for the same options. The first half of each family's lines uses its first two wordings, the second
 * half all of them. A family's lines depend on the seed alone, not on the families beside it.
 */
export function* generateStream(options: StreamOptions): Generator<StreamLine, void, undefined> {
  const { families, count, seed, mix, typoShare = 0.01 } = options
  if (families.length === 0 && count > 0) throw new RangeError('a stream needs at least one family')

  const shares = families.map((family, index) => ({
    family,
    size: Math.floor(count / families.length) + (index < count % families.length ? 1 : 0),
    written: 0,
  }))
  const order = seededRandom('order', seed)

  for (let left = count; left > 0; left--) {
    const share = mix ? pickByLinesLeft(shares, left, order) : shares.find(({ written, size }) => written < size)
    if (!share) throw new Error('the shares do not add up to the count')
    yield line(share.family, share.written, share.size, seed, typoShare)
    share.written++
  }
}

/** Weighted by the lines that a family still has to give: every order of the whole stream is then equally likely. */
function pickByLinesLeft<T extends { size: number; written: number }>(shares: readonly T[], left: number, random: Random): T | undefined {
  let at = random.between(0, left - 1)
  return shares.find(({ size, written }) => {
    at -= size - written
    return at < 0
  })
}

function line(family: Family, index: number, size: number, seed: number, typoShare: number): StreamLine {
  const random = seededRandom('line', seed, family.name, index)
  const wordings = index < size / 2 ? Math.min(2, family.wordings) : family.wordings
  const wording = random.between(0, wordings - 1)
  const { text, target } = family.generate(random, wording)
  const isTypo = random.chance(typoShare)
  return { family: family.name, text: isTypo ? family.withTypo(random, text) : text, target, wording, isTypo }
}
