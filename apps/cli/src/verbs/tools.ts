import { shownCost, type Tool } from '@toolwright/contracts'
import type { Kind } from '@toolwright/registry'
import { resolve } from 'node:path'
import { readAction, readWords } from '../actions.ts'
import { EXIT } from '../exit-codes.ts'
import { parseFlags, usageError, wholeNumber } from '../flags.ts'
import { kindOf, readToolName } from '../kind-of.ts'
import { type Money, shownMoney } from '../report/money.ts'
import { withSpace, type Space } from '../open-space.ts'
import { renderTable, type Column } from '../table.ts'
import {
  type Economy,
  economyFacts,
  economyJson,
  readEconomy,
  shownBesideLight,
  shownBreakEven,
  shownMakes,
  shownNet,
  shownSaving,
} from '../tool-economy.ts'
import { readToolFolders, writeToolFolder } from '../tool-folder.ts'
import type { Surroundings, Verb } from '../verb.ts'

const flags = {
  json: { type: 'boolean', about: 'list and show: as JSON' },
  'with-examples': { type: 'boolean', about: 'export: with the texts of the requests that the tools were made from' },
} as const

const ACTIONS = ['list', 'show', 'source', 'disable', 'enable', 'rollback', 'export', 'import'] as const

export const tools: Verb = {
  name: 'tools',
  summary: 'list, read, switch off, roll back, export and import the tools that were made',
  positionals: 'ACTION',
  flags,
  about: `  list                every kind's tool: the version that serves, its tiers; what making cost, what a use saves, whether it has paid, and whether
                      it is dearer than the light model answering directly, over all runs
  show KIND[@N]       one version: schema, evidence, usage, and the same figures with what they rest on
  source KIND[@N]     its Python, as it runs
  disable KIND        the kind's requests go to the strong model, until it is enabled again
  enable KIND         its newest version serves
  rollback KIND [N]   version N serves, or the one before the one that serves now
  export DIR          a folder for each tool that serves: tool.json and source.py, without texts of requests unless --with-examples
  import DIR          publishes such folders' tools here, each as the next version of its kind

KIND is an id such as k-sort-words-1a2b3c, the beginning of one, or the name that requests gave it.`,
  run: async (args, surroundings) => {
    const { values, positionals } = parseFlags(args, flags)
    const { action, words } = readAction('tools', ACTIONS, positionals)
    const isJson = values.json ?? false
    switch (action) {
      case 'list':
        readWords('tools list', [], words)
        return await withSpace(surroundings, (space) => list(space, surroundings, isJson))
      case 'show':
      case 'source': {
        const [given = ''] = readWords(`tools ${action}`, ['KIND[@N]'], words)
        return await withSpace(surroundings, async (space) => {
          const { kind, tool } = await toolOf(space, given)
          if (action === 'source') await surroundings.print(tool.source)
          else {
            const { money } = space.registry
            const economy = await readEconomy(money, kind.id, await money.ofKind(null))
            const text = isJson ? `${JSON.stringify({ ...tool, economy: economyJson(economy) }, null, 2)}\n` : shown(kind, tool, economy)
            await surroundings.print(text)
          }
          return EXIT.ok
        })
      }
      case 'disable':
      case 'enable': {
        const [given = ''] = readWords(`tools ${action}`, ['KIND'], words)
        return await withSpace(surroundings, (space) => (action === 'disable' ? disable : enable)(space, surroundings, given))
      }
      case 'rollback': {
        const [given = '', version] = readWords('tools rollback', ['KIND', 'N'], words, 1)
        return await withSpace(surroundings, (space) => rollback(space, surroundings, given, wholeNumber('rollback', version, 1, null)))
      }
      case 'export': {
        const [folder = ''] = readWords('tools export', ['DIR'], words)
        return await withSpace(surroundings, (space) => exportTools(space, surroundings, folder, values['with-examples'] ?? false))
      }
      case 'import': {
        const [folder = ''] = readWords('tools import', ['DIR'], words)
        const read = readToolFolders(folder)
        return await withSpace(surroundings, async ({ administration }) => {
          for (const { path, kind, tool } of read) {
            const { version, isNew } = await administration.importTool(kind, tool)
            surroundings.say(`${path}: ${isNew ? 'published as' : 'is there already, and serves as'} ${kind.id}@${version}`)
          }
          return EXIT.ok
        })
      }
    }
  },
}

interface Row {
  kind: Kind
  tool: Tool
}

interface ListRow extends Row {
  economy: Economy
}

const COLUMNS: Column<ListRow>[] = [
  { title: 'kind', align: 'left', cell: ({ kind }) => kind.id },
  { title: 'name', align: 'left', cell: ({ kind }) => kind.name },
  { title: 'serves', align: 'left', cell: ({ kind }) => (kind.version > 0 ? `v${kind.version}` : `none (${kind.state})`) },
  { title: 'versions', align: 'right', cell: ({ kind }) => String(kind.versions) },
  { title: 'tiers', align: 'left', cell: ({ tool }) => tiersOf(tool) },
  { title: 'requests', align: 'right', cell: ({ kind }) => String(kind.seen) },
  { title: 'examples', align: 'right', cell: ({ tool: { evidence } }) => String(evidence.proposedFrom + evidence.heldBack) },
  { title: 'making cost', align: 'right', cell: ({ economy }) => shownMakes(economy) },
  { title: 'uses', align: 'right', cell: ({ economy }) => economy.uses.toLocaleString('en-US') },
  { title: 'a use saves', align: 'right', cell: ({ economy }) => shownSaving(economy) },
  { title: 'earned', align: 'right', cell: ({ economy }) => shownNet(economy) },
  { title: 'break-even', align: 'left', cell: ({ economy }) => shownBreakEven(economy) },
  { title: 'beside the light model', align: 'left', cell: ({ economy }) => shownBesideLight(economy) },
  { title: 'made', align: 'left', cell: ({ tool }) => shownTime(tool.at) },
]

async function list({ registry }: Space, { print, say, columns }: Surroundings, isJson: boolean): Promise<typeof EXIT.ok> {
  const rows: ListRow[] = []
  const without: Money & { kinds: number } = { nano: 0, unknown: 0, kinds: 0 }
  const all = await registry.money.ofKind(null)
  for (const id of await registry.kinds.list()) {
    const kind = await registry.kinds.get(id)
    if (kind === null) continue
    const economy = await readEconomy(registry.money, id, all)
    if (kind.versions > 0) {
      rows.push({ kind, economy, tool: await registry.tools.get(id, kind.version > 0 ? kind.version : kind.versions) })
    } else if (economy.makes.calls > 0) {
      without.nano += economy.makes.nano
      without.unknown += economy.makes.unknown
      without.kinds++
    }
  }
  if (isJson) {
    const listed = rows.map(({ kind, economy, tool: { source: _source, usage: _usage, ...tool } }) => ({
      ...tool,
      name: kind.name,
      serves: kind.version > 0 ? kind.version : null,
      versions: kind.versions,
      state: kind.state,
      requests: kind.seen,
      economy: economyJson(economy),
    }))
    await print(`${JSON.stringify(listed, null, 2)}\n`)
  } else if (rows.length === 0) say('no tools have been made here yet')
  else {
    const named = rows.some(({ kind }) => kind.name !== '')
    await print(renderTable(named ? COLUMNS : COLUMNS.filter(({ title }) => title !== 'name'), rows, columns))
    if (rows.some(({ tool }) => isSimulated(tool)))
      say('some of these are of simulated models, at made-up prices: their figures say nothing about real ones')
  }
  if (without.kinds > 0)
    say(`makes for ${without.kinds === 1 ? 'one kind' : `${without.kinds} kinds`} without a tool cost ${shownMoney(without)}`)
  return EXIT.ok
}

/** The simulator's models are called so. */
function isSimulated({ model }: Tool): boolean {
  return model.startsWith('sim-')
}

/** The version that is named, or serves, or is the newest. */
async function toolOf({ registry }: Space, given: string): Promise<Row> {
  const name = readToolName(given)
  const kind = await kindOf(registry, name.kind)
  if (kind.versions === 0) throw usageError(`${kind.id} has no tool${kind.reason === '' ? '' : ` (${kind.reason})`}`)
  const version = name.version ?? (kind.version > 0 ? kind.version : kind.versions)
  if (version > kind.versions) throw usageError(`${kind.id} has no version ${version}: its newest is ${kind.versions}`)
  return { kind, tool: await registry.tools.get(kind.id, version) }
}

function shown(kind: Kind, tool: Tool, economy: Economy): string {
  const { evidence } = tool
  const facts: [string, string][] = [
    ['tool', `${tool.kind}@${tool.version}`],
    [
      'serves',
      kind.version === tool.version ? 'yes' : kind.version > 0 ? `no, version ${kind.version} does` : `no (${kind.reason || kind.state})`,
    ],
    ['tiers', tiersOf(tool)],
    [
      'made',
      `${shownTime(tool.at)} by ${tool.model}, for ${shownCost(tool.costNano)}${isSimulated(tool) ? ' (simulated, as are the figures below)' : ''}`,
    ],
    [
      'from',
      `${evidence.proposedFrom} examples shown, ${evidence.heldBack} held back; candidate ${evidence.candidates}, ${evidence.repairs} repairs`,
    ],
    ['right', `extracted ${evidence.extractedRight}, called ${evidence.calledRight} of the examples`],
    [
      'refusal',
      `${evidence.foreignAccepted} of ${evidence.foreignTexts} other kinds' texts accepted, ${evidence.mutantsSurvived} of ${evidence.mutants} mutants`,
    ],
    ...economyFacts(economy),
    ['sha256', tool.sha256],
  ]
  const usage = tool.usage.map((one) => `${one.text}\n  → ${one.arguments}`).join('\n\n')
  return [
    ...facts.map(([name, value]) => `${name.padEnd(8)} ${value}`),
    '',
    'parameters',
    JSON.stringify(tool.schema, null, 2),
    ...(usage === '' ? [] : ['', 'usage', usage]),
    '',
  ].join('\n')
}

async function disable({ registry }: Space, { say }: Surroundings, given: string): Promise<typeof EXIT.ok> {
  const kind = await kindOf(registry, given)
  if (kind.version === 0) throw usageError(`no tool of ${kind.id} serves, so there is nothing to disable`)
  await registry.kinds.point(kind.id, 0, 'disabled by hand')
  say(`${kind.id}: version ${kind.version} no longer serves; its requests go to the strong model, and no tool is made until it is enabled`)
  return EXIT.ok
}

async function enable({ registry }: Space, { say }: Surroundings, given: string): Promise<typeof EXIT.ok> {
  const kind = await kindOf(registry, given)
  if (kind.versions === 0) throw usageError(`${kind.id} has no tool to enable`)
  if (kind.version > 0) say(`${kind.id}: version ${kind.version} serves already`)
  else {
    mustHaveTier(await registry.tools.get(kind.id, kind.versions))
    await registry.kinds.point(kind.id, kind.versions, '')
    say(`${kind.id}: version ${kind.versions} serves`)
  }
  return EXIT.ok
}

async function rollback({ registry }: Space, { say }: Surroundings, given: string, version: number | null): Promise<typeof EXIT.ok> {
  const kind = await kindOf(registry, given)
  const wanted = version ?? (kind.version > 0 ? kind.version : kind.versions) - 1
  if (wanted < 1) throw usageError(`${kind.id} has no version before ${kind.version}: ./toolwright tools disable takes it out of service`)
  if (wanted > kind.versions) throw usageError(`${kind.id} has no version ${wanted}: its newest is ${kind.versions}`)
  mustHaveTier(await registry.tools.get(kind.id, wanted))
  await registry.kinds.point(kind.id, wanted, 'rolled back by hand')
  say(`${kind.id}: version ${wanted} serves${kind.version > 0 ? `, instead of ${kind.version}` : ''}`)
  return EXIT.ok
}

async function exportTools({ registry }: Space, { say }: Surroundings, folder: string, withExamples: boolean): Promise<typeof EXIT.ok> {
  let exported = 0
  for (const id of await registry.kinds.list()) {
    const kind = await registry.kinds.get(id)
    if (kind === null || kind.version === 0 || kind.alias !== '') continue
    writeToolFolder(folder, kind, await registry.tools.get(id, kind.version), { withExamples })
    exported++
  }
  say(`${exported} tools in ${resolve(folder)}${withExamples ? ', with texts of requests' : ''}`)
  return EXIT.ok
}

function mustHaveTier({ kind, version, tiers }: Tool): void {
  if (tiers.extracted || tiers.called) return
  throw usageError(`${kind}@${version} cannot serve: a model wrote its arguments, after usage examples that were forgotten with their run`)
}

function tiersOf({ tiers }: Tool): string {
  return [tiers.extracted && 'extracted', tiers.called && 'called'].filter((tier) => tier !== false).join(', ') || 'none'
}

function shownTime(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace('T', ' ')
}
