import { nearest } from '@toolwright/runtime'
import type { Flag } from './flags.ts'
import { usageError } from './flags.ts'
import { paragraph } from './table.ts'
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

/** Longer lines are hard to read, however wide the terminal is. */
const WIDEST = 100

/** `width`: columns that there are. */
export function overview(verbs: readonly Verb[], width: number): string {
  return [
    paragraph('Answers large streams of requests with tools that a strong model writes once per kind of request.', Math.min(width, WIDEST)),
    '',
    'usage: ./toolwright VERB [arguments]',
    '',
    ...table(
      [...verbs, ...LAUNCHER].map(({ name, summary }) => [name, summary]),
      width,
    ),
    '',
    ...flagTable(GLOBAL_FLAGS, width),
    '',
    'To begin: ./toolwright demo, then ./toolwright run --help',
    '',
  ].join('\n')
}

/** `width`: columns that there are. */
export function helpOf(verb: Verb, width: number): string {
  const usage = ['usage: ./toolwright', verb.name, verb.positionals, Object.keys(verb.flags).length > 0 ? '[flags]' : '']
    .filter(Boolean)
    .join(' ')
  const flags = flagTable(verb.flags, width)
  const about = verb.about ? [...reflowed(verb.about, width), ''] : []
  return [usage, '', paragraph(verb.summary, Math.min(width, WIDEST)), '', ...about, ...(flags.length > 0 ? [...flags, ''] : [])].join('\n')
}

/** The verb of that name. Throws a usage error with the nearest name. */
export function verbNamed(name: string, verbs: readonly Verb[]): Verb {
  const verb = verbs.find((candidate) => candidate.name === name)
  if (verb) return verb
  if (name.startsWith('-')) throw usageError(`the verb comes before its flags: ./toolwright VERB ${name} (--help lists the verbs)`)
  const meant = nearest(
    name,
    [...verbs, ...LAUNCHER].map((candidate) => candidate.name),
  )
  throw usageError(`there is no verb "${name}": ${meant ? `did you mean "${meant}"?` : './toolwright --help lists them'}`)
}

function flagTable(flags: Record<string, Flag>, width: number): string[] {
  const rows = Object.entries(flags).map(([name, flag]): [string, string] => {
    const short = flag.type === 'string' && flag.short !== undefined ? `-${flag.short}, ` : ''
    return [`${short}--${name}${flag.type === 'string' ? ` ${flag.value}` : ''}`, flag.about]
  })
  return table(rows, width)
}

function table(rows: [string, string][], width: number): string[] {
  const left = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, about]) => hanging(`  ${name.padEnd(left)}  `, about, width))
}

/** Text beside its heading, its further lines under the first. */
function hanging(heading: string, text: string, width: number): string {
  const indent = ' '.repeat(heading.length)
  // Too narrow for two columns: the text goes below.
  if (Math.min(width, WIDEST) - heading.length < 24) return `${heading.trimEnd()}\n${paragraph(text, Math.min(width, WIDEST), '      ')}`
  return `${heading}${paragraph(text, Math.min(width, WIDEST), indent).trimStart()}`
}

/** Paragraphs as they are written in the sources, as wide as the terminal: a line that ends a sentence ends there, a list keeps its columns. */
function reflowed(text: string, width: number): string[] {
  const lines: string[] = []
  let open = ''
  const close = () => {
    if (open !== '') lines.push(paragraph(open, Math.min(width, WIDEST)))
    open = ''
  }
  for (const line of text.split('\n')) {
    const item = /^( +\S.*?\S {2,})(\S.*)$/.exec(line)
    if (item === null && line !== '') open = open === '' ? line : `${open} ${line}`
    if (item !== null || line === '' || /[.:]$/.test(line)) close()
    if (item !== null) lines.push(hanging(item[1]!, item[2]!, width))
    else if (line === '') lines.push('')
  }
  close()
  return lines
}
