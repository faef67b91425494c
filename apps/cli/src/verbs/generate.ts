import { nearest } from '@toolwright/runtime'
import { families, familyNamed, generateStream, type Family } from '@toolwright/families'
import { EXIT } from '../exit-codes.ts'
import { parseFlags, usageError, wholeNumber } from '../flags.ts'
import type { Verb } from '../verb.ts'

const flags = {
  count: { type: 'string', value: 'N', about: 'requests in all, in equal shares (default 100)' },
  seed: { type: 'string', value: 'S', about: 'a whole number; the same seed gives the same stream on every machine (default 1)' },
  mix: { type: 'boolean', about: 'the families in random order instead of one after the other' },
  'no-targets': { type: 'boolean', about: 'leave the right answers out' },
  'no-kinds': { type: 'boolean', about: 'leave the family names out' },
  list: { type: 'boolean', about: 'list the families and stop' },
} as const

export const generate: Verb = {
  name: 'generate',
  summary: 'write a sample stream of requests with known answers to stdout',
  positionals: 'FAMILY…',
  flags,
  about: `Each line is {"id","input","kind","target"}; "all" stands for every family. The families are made up for trying things out: nothing about them is a
benchmark. Example: ./toolwright generate word-sorting dyck --count 500 --seed 7 --mix > requests.jsonl`,
  run: async (args, { print }) => {
    const { values, positionals } = parseFlags(args, flags)
    if (values.list) {
      for (const { name, about } of families) await print(`${name.padEnd(28)} ${about}\n`)
      return EXIT.ok
    }
    const stream = generateStream({
      families: familiesOf(positionals),
      count: wholeNumber('--count', values.count, 1, 100),
      seed: wholeNumber('--seed', values.seed, 0, 1),
      mix: values.mix ?? false,
    })
    let n = 0
    for (const { text, family, target } of stream) {
      // The id says nothing about the family: it stays when kinds are left out.
      const request = {
        id: `request-${++n}`,
        input: text,
        ...(values['no-kinds'] ? {} : { kind: family }),
        // Families without right answers (opinions) have no target.
        ...(values['no-targets'] || target === null ? {} : { target }),
      }
      await print(`${JSON.stringify(request)}
`)
    }
    return EXIT.ok
  },
}

function familiesOf(names: string[]): readonly Family[] {
  if (names.length === 0) throw usageError('generate needs a family, or "all": ./toolwright generate --list shows them')
  if (names.includes('all')) return families
  return [...new Set(names)].map((name) => {
    const family = familyNamed(name)
    if (family) return family
    const meant = nearest(
      name,
      families.map((known) => known.name),
    )
    throw usageError(`there is no family "${name}": ${meant ? `did you mean "${meant}"?` : './toolwright generate --list shows them'}`)
  })
}
