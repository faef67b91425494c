import type { Kind, Registry } from '@toolwright/registry'
import { readAction, readWords } from '../actions.ts'
import { EXIT } from '../exit-codes.ts'
import { parseFlags, usageError } from '../flags.ts'
import { kindOf } from '../kind-of.ts'
import { withSpace } from '../open-space.ts'
import { renderTable, type Column } from '../table.ts'
import type { Surroundings, Verb } from '../verb.ts'

const flags = {
  json: { type: 'boolean', about: 'list: as JSON' },
  all: { type: 'boolean', about: 'list: also texts that are like too few others to be a kind' },
} as const

const ACTIONS = ['list', 'merge', 'split'] as const

export const kinds: Verb = {
  name: 'kinds',
  summary: 'list the kinds of requests that were found or named, and merge or split them',
  positionals: 'ACTION',
  flags,
  about: `  list               every kind: its state, the tool version that serves it, how many requests it has had
  merge FROM INTO    requests of FROM are answered as INTO from now on
  split KIND         takes a merge back: KIND stands for itself again

States: gathering (examples are collected), tooled (a tool serves), declined (no tool could be made; tried again later), unworthy (too few requests for a tool to
pay), demoted (its tool failed too often).`,
  run: async (args, surroundings) => {
    const { values, positionals } = parseFlags(args, flags)
    const { action, words } = readAction('kinds', ACTIONS, positionals)
    switch (action) {
      case 'list':
        readWords('kinds list', [], words)
        return await withSpace(surroundings, ({ registry }) => list(registry, surroundings, values))
      case 'merge': {
        const [from = '', into = ''] = readWords('kinds merge', ['FROM', 'INTO'], words)
        return await withSpace(surroundings, ({ registry }) => merge(registry, surroundings, from, into))
      }
      case 'split': {
        const [given = ''] = readWords('kinds split', ['KIND'], words)
        return await withSpace(surroundings, async ({ registry, administration }) => {
          const kind = await kindOf(registry, given)
          if (kind.alias === '') {
            throw usageError(
              `${kind.id} is not merged into another kind, and a kind cannot be taken apart by itself: give its requests "kind" names of their own, or disable its tool`,
            )
          }
          await administration.unmerge(kind.id)
          surroundings.say(`${kind.id} stands for itself again, no longer for ${kind.alias}`)
          return EXIT.ok
        })
      }
    }
  },
}

const COLUMNS: Column<Kind>[] = [
  { title: 'kind', align: 'left', cell: ({ id }) => id },
  { title: 'name', align: 'left', cell: ({ name }) => name },
  { title: 'state', align: 'left', cell: ({ state, alias }) => (alias === '' ? state : `merged into ${alias}`) },
  { title: 'tool', align: 'left', cell: ({ version }) => (version > 0 ? `v${version}` : 'none') },
  { title: 'requests', align: 'right', cell: ({ seen }) => String(seen) },
  { title: 'templates', align: 'right', cell: ({ reading }) => String(reading.templates.length) },
  { title: 'why', align: 'left', cell: ({ reason }) => reason },
]

async function list(
  registry: Registry,
  { print, say, columns }: Surroundings,
  { json, all }: { json?: boolean; all?: boolean },
): Promise<typeof EXIT.ok> {
  const found = (await Promise.all((await registry.kinds.list()).map((id) => registry.kinds.get(id)))).filter((kind) => kind !== null)
  const shown = found.filter((kind) => all === true || kind.state !== 'nursery').toSorted((a, b) => b.seen - a.seen)
  if (json === true) {
    const listed = shown.map(({ reading, ...kind }) => ({ ...kind, templates: reading.templates.length, members: reading.members }))
    await print(`${JSON.stringify(listed, null, 2)}\n`)
  } else if (shown.length === 0) say('no kinds are known here yet')
  else {
    const used = COLUMNS.filter(({ title, cell }) => (title !== 'name' && title !== 'why') || shown.some((kind) => cell(kind) !== ''))
    await print(renderTable(used, shown, columns))
  }
  return EXIT.ok
}

async function merge(registry: Registry, { say }: Surroundings, given: string, target: string): Promise<typeof EXIT.ok> {
  const from = await kindOf(registry, given)
  const into = await kindOf(registry, target)
  if (from.id === into.id) throw usageError(`${from.id} cannot be merged into itself`)
  if (into.alias !== '') throw usageError(`${into.id} is itself merged into ${into.alias}: merge into that one`)
  if (from.alias !== '')
    throw usageError(`${from.id} is merged into ${from.alias} already: ./toolwright kinds split ${from.id} takes that back`)
  const followers = await Promise.all((await registry.kinds.list()).map((id) => registry.kinds.get(id)))
  const led = followers.filter((kind) => kind?.alias === from.id).map((kind) => kind?.id)
  if (led.length > 0) throw usageError(`${led.join(', ')} is merged into ${from.id}: split that first`)
  if (from.frame !== into.frame) {
    throw usageError(`${from.id} and ${into.id} are asked under different system messages or formats: one tool cannot answer both`)
  }
  await registry.kinds.merge(from.id, into.id)
  say(`requests of ${from.id} are answered as ${into.id} from now on`)
  return EXIT.ok
}
