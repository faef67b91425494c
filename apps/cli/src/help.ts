import type { Flag } from './flags.ts'
import { nearest } from './nearest.ts'
import { usageError } from './flags.ts'
import type { Verb } from './verb.ts'

/** Tools of the set-up that ./toolwright runs itself, before the CLI. */
const LAUNCHER = [
  { name: 'check', summary: 'format, lint, types, boundaries, unused code: the fast part of "test"' },
  { name: 'node', summary: 'the pinned Node, with whatever arguments' },
  { name: 'pnpm', summary: 'the pinned pnpm, with whatever arguments' },
]

const GLOBAL_FLAGS: Record<string, Flag> = {
  demo: { type: 'boolean', about: "work on the demo's data folder" },
  help: { type: 'boolean', about: 'this help; with a verb, its own (also: help VERB, -h)' },
  version: { type: 'boolean', about: 'the version' },
}

export function overview(verbs: readonly Verb[]): string {
  return [
    'Answers large streams of requests with tools that a strong model writes once per kind of request.',
    '',
    'usage: ./toolwright VERB [arguments]',
    '',
    ...table([...verbs, ...LAUNCHER].map(({ name, summary }) => [name, summary])),
    '',
    ...flagTable(GLOBAL_FLAGS),
    '',
  ].join('\n')
}

export function helpOf(verb: Verb): string {
  const usage = ['usage: ./toolwright', verb.name, verb.positionals, Object.keys(verb.flags).length > 0 ? '[flags]' : '']
    .filter(Boolean)
    .join(' ')
  const flags = flagTable(verb.flags)
  return [usage, '', verb.summary, '', ...(verb.about ? [verb.about, ''] : []), ...(flags.length > 0 ? [...flags, ''] : [])].join('\n')
}

/** The verb of that name. Throws a usage error with the nearest name. */
export function verbNamed(name: string, verbs: readonly Verb[]): Verb {
  const verb = verbs.find((candidate) => candidate.name === name)
  if (verb) return verb
  const meant = nearest(
    name,
    [...verbs, ...LAUNCHER].map((candidate) => candidate.name),
  )
  throw usageError(`there is no verb "${name}": ${meant ? `did you mean "${meant}"?` : './toolwright --help lists them'}`)
}

function flagTable(flags: Record<string, Flag>): string[] {
  return table(
    Object.entries(flags).map(([name, flag]) => {
      const short = flag.type === 'string' && flag.short !== undefined ? `-${flag.short}, ` : ''
      return [`${short}--${name}${flag.type === 'string' ? ` ${flag.value}` : ''}`, flag.about]
    }),
  )
}

function table(rows: [string, string][]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}
