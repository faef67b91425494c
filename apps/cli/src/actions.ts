import { nearest } from '@toolwright/runtime'
import { usageError } from './flags.ts'

/** The action that a verb's first word names, such as "list" of `tools list`, and the words after it. */
export function readAction<A extends string>(verb: string, actions: readonly A[], positionals: string[]): { action: A; words: string[] } {
  const [given, ...words] = positionals
  if (given === undefined) throw usageError(`${verb} needs one of ${actions.join(', ')}: ./toolwright ${verb} --help tells more`)
  const action = actions.find((known) => known === given)
  if (action !== undefined) return { action, words }
  const meant = nearest(given, actions)
  throw usageError(`there is no "${verb} ${given}": ${meant ? `did you mean "${verb} ${meant}"?` : `there are ${actions.join(', ')}`}`)
}

/** Exactly as many words as names, or up to `optional` fewer; throws a usage error that shows how it is meant. */
export function readWords(command: string, names: readonly string[], words: readonly string[], optional = 0): string[] {
  if (words.length >= names.length - optional && words.length <= names.length) return [...words]
  const shown = names.map((name, at) => (at >= names.length - optional ? `[${name}]` : name))
  throw usageError(`it is ./toolwright ${command}${shown.length > 0 ? ` ${shown.join(' ')}` : ', without more'}`)
}
