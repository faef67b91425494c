import type { Layers } from '../src/index.ts'
import { openChildStand } from './child-stand.ts'
import { type Host, openHost } from './host.ts'
import { SNIPPETS, type Snippet } from './snippets.ts'
import type { Stand } from './stand.ts'
import { type Finding, runSuite } from './suite.ts'
import { openWeakest } from './weakest.ts'

/** Snippets that must have succeeded where nothing is in their way; others say nothing when they fail. */
export const WANTED_PROOFS = 60

/** What the snippets brought about in one set-up. */
export interface MatrixColumn {
  /** `weakest`: Pyodide as it comes in a plain process. `none`: our child without any layer. Otherwise the one layer that is on, or `all`. */
  name: 'weakest' | 'none' | keyof Layers | 'all'
  /** Null where the set-up could not be started, which `why` explains. */
  findings: Finding[] | null
  why: string
}

export interface Matrix {
  columns: MatrixColumn[]
  /** Brought about what they state in `weakest` or in `none`. */
  proved: Snippet[]
  unproved: Snippet[]
  /** Not held by all layers together. */
  through: Finding[]
}

/** What these leave behind is in Python's own state alone: only a reset undoes it, and there is none without the gate. */
const STATE_ALONE = new Set(['import-hooks', 'late-code', 'left-behind'])

const NO_LAYERS: Layers = { gate: false, modules: false, permission: false, isolation: false }
const SET_UPS: { name: Exclude<MatrixColumn['name'], 'weakest'>; layers: Layers }[] = [
  { name: 'none', layers: NO_LAYERS },
  { name: 'gate', layers: { ...NO_LAYERS, gate: true } },
  { name: 'modules', layers: { ...NO_LAYERS, modules: true } },
  { name: 'permission', layers: { ...NO_LAYERS, permission: true } },
  { name: 'isolation', layers: { ...NO_LAYERS, isolation: true } },
  { name: 'all', layers: { gate: true, modules: true, permission: true, isolation: true } },
]

/**
 * Runs the snippets in every set-up: minutes. What only a reset undoes is not tried behind a single layer other than the gate, where every try takes a new child;
 * `isFull`: there too. Throws where the weakest set-up or all layers together cannot be started, and with the signal's reason.
 */
export async function runMatrix(options: {
  imageFolder: string
  isFull: boolean
  say: (line: string) => void
  signal: AbortSignal
}): Promise<Matrix> {
  const { imageFolder, isFull, say, signal } = options
  const host = await openHost()
  try {
    const weakest = { name: 'weakest', open: () => openWeakest(signal), isNeeded: true, snippets: SNIPPETS } as const
    const columns = [await columnOf({ ...weakest, host, say, signal })]
    for (const { name, layers } of SET_UPS) {
      const open = () => openChildStand({ name, layers, imageFolder, signal })
      const hasAll = isFull || layers.gate || name === 'none'
      const snippets = hasAll ? SNIPPETS : SNIPPETS.filter(({ technique }) => !STATE_ALONE.has(technique))
      columns.push(await columnOf({ name, open, isNeeded: name === 'all', snippets, host, say, signal }))
    }
    return judge(columns)
  } finally {
    host.close()
  }
}

async function columnOf(parts: {
  name: MatrixColumn['name']
  open: () => Promise<Stand>
  isNeeded: boolean
  snippets: readonly Snippet[]
  host: Host
  say: (line: string) => void
  signal: AbortSignal
}): Promise<MatrixColumn> {
  const { name, open, isNeeded, snippets, host, say, signal } = parts
  signal.throwIfAborted()
  const startedAt = performance.now()
  let stand: Stand
  try {
    stand = await open()
  } catch (error) {
    // Such as a checkout that the unprivileged user of the layer "isolation" may not read: without the gate, a child reads Pyodide from there.
    if (isNeeded || signal.aborted || !(error instanceof Error)) throw error
    say(`${name}: ${error.message}`)
    return { name, findings: null, why: error.message }
  }
  try {
    const findings = await runSuite(host, stand, { snippets, signal })
    say(`${name}: ${findings.length} snippets in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`)
    return { name, findings, why: '' }
  } finally {
    await stand.close()
  }
}

function judge(columns: MatrixColumn[]): Matrix {
  const findingsOf = (name: MatrixColumn['name']) => columns.find((column) => column.name === name)?.findings ?? []
  const free = [...findingsOf('weakest'), ...findingsOf('none')]
  const didAsStated = new Set(free.filter(({ snippet, seen }) => seen.includes(snippet.success)).map(({ snippet }) => snippet))
  return {
    columns,
    proved: SNIPPETS.filter((snippet) => didAsStated.has(snippet)),
    unproved: SNIPPETS.filter((snippet) => !didAsStated.has(snippet)),
    through: findingsOf('all').filter(({ verdict }) => verdict !== 'held'),
  }
}

export type { Finding, Snippet }
