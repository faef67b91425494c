import type { Arguments, Family } from './family.ts'
import type { Random } from './random.ts'
import type { Slots, Wording } from './wording.ts'

/** What a family is made of when all its requests are fixed wordings around data. */
interface WordedFamily extends Pick<Family, 'name' | 'group' | 'nearMissOf' | 'about' | 'solve'> {
  wordings: readonly Wording[]
  /** Invents the data of one request and, apart from `solve`, knows its answer; null where there is no right one. */
  compose: (random: Random, wording: number) => { slots: Slots; target: string | null }
  /** Null where the data do not make sense. */
  understand: (slots: Slots, wording: number) => Arguments | null
}

export function wordedFamily(family: WordedFamily): Family {
  const { wordings, compose, understand, ...rest } = family

  const recognise = (text: string) => {
    for (const [index, wording] of wordings.entries()) {
      const slots = wording.read(text)
      const values = slots && understand(slots, index)
      if (values) return { wording: index, arguments: values }
    }
    return null
  }

  return {
    ...rest,
    wordings: wordings.length,
    recognise,
    generate: (random, index) => {
      const wording = wordings[index]
      if (!wording) throw new RangeError(`${family.name} has no wording ${index}`)
      const { slots, target } = compose(random, index)
      return { text: wording.write(slots), target }
    },
    withTypo: (random, text) => {
      const wording = wordings[recognise(text)?.wording ?? -1]
      if (!wording) throw new RangeError(`the text is not one of ${family.name}`)
      return wording.withTypo(random, text)
    },
  }
}
