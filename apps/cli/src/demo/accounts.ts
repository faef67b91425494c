import type { LedgerEntry, Tool } from '@toolwright/contracts'
import type { Kind } from '@toolwright/registry'
import type { Space } from '../open-space.ts'
import { isRight, type Result, type Sample } from './samples.ts'

/** What one family, or one found kind, came to. Money in nano-dollars. */
export interface Account {
  name: string
  /** Families that the lines are of, the most frequent first. */
  families: string[]
  requests: number
  tiers: { extracted: number; called: number; direct: number }
  failed: number
  /** Requests that have a right answer, and those of them answered with it. */
  keyed: number
  right: number
  versions: { kind: string; version: number }[]
  /** How its kind stands, or most of its kinds: tells why there is no tool. */
  state: Kind['state'] | null
  /** Own calls of its requests. */
  answersNano: number
  /** Labels, proposals, repairs and checks of its makes. */
  makesNano: number
  /** Model calls, those of its makes included. */
  calls: number
  baselineNano: number
  /** Requests without a known baseline, or cost. */
  unknown: number
  /** What each answer of a tool saved against its baseline, in the order in which they were written. */
  toolSavingsNano: number[]
}

export interface Accounts {
  families: Account[]
  kinds: Account[]
  /** Money of no kind: judging which kind a request is of, and replies that nothing used. */
  overheadNano: number
  overheadCalls: number
  spentNano: number
  baselineNano: number
}

export interface Books {
  samples: readonly Sample[]
  results: readonly Result[]
  ledger: readonly LedgerEntry[]
  tools: readonly Pick<Tool, 'kind' | 'version'>[]
  kinds: readonly Pick<Kind, 'id' | 'state'>[]
}

/** What the registry knows of a run's money and of the tools that were made. */
export async function readBooks({ registry }: Pick<Space, 'registry'>, run: string): Promise<Pick<Books, 'ledger' | 'tools' | 'kinds'>> {
  const ids = await registry.kinds.list()
  const tools = await Promise.all(ids.map((id) => registry.tools.versions(id)))
  const kinds = await Promise.all(ids.map((id) => registry.kinds.get(id)))
  return { ledger: await registry.money.ledger(run), tools: tools.flat(), kinds: kinds.filter((kind) => kind !== null) }
}

/** Sums results and ledger by family and by kind. The makes of a kind are charged to the family that most of its requests are of. */
export function accountsOf({ samples, results, ledger, tools, kinds: found }: Books): Accounts {
  const byId = new Map(samples.map((sample) => [sample.id, sample]))
  const families = new Map<string, Account>()
  const kinds = new Map<string, Account>()
  const membersOf = new Map<string, Map<string, number>>()
  for (const { family } of samples) families.set(family, families.get(family) ?? emptyAccount(family))

  for (const result of results) {
    const sample = byId.get(result.id)
    if (sample === undefined) continue
    add(families.get(sample.family)!, sample, result)
    if (result.kind === null) continue
    const account = kinds.get(result.kind) ?? emptyAccount(result.kind)
    kinds.set(result.kind, account)
    add(account, sample, result)
    const members = membersOf.get(result.kind) ?? new Map<string, number>()
    membersOf.set(result.kind, members)
    members.set(sample.family, (members.get(sample.family) ?? 0) + 1)
  }
  for (const [kind, members] of membersOf) {
    kinds.get(kind)!.families = [...members].toSorted((a, b) => b[1] - a[1]).map(([family]) => family)
  }
  const ownersOf = (kind: string | null) => {
    const account = kind === null ? undefined : kinds.get(kind)
    return account === undefined ? [] : [account, families.get(account.families[0]!)!]
  }
  let spentNano = 0
  for (const entry of ledger) {
    spentNano += entry.costNano ?? 0
    for (const account of ownersOf(entry.kind)) account.calls++
    if (entry.bucket === 'makes') for (const account of ownersOf(entry.kind)) account.makesNano += entry.costNano ?? 0
  }
  for (const { kind, version } of tools) for (const account of ownersOf(kind)) account.versions.push({ kind, version })

  for (const { id, state } of found) {
    const account = kinds.get(id)
    if (account !== undefined) account.state = state
  }
  // The kind with the most requests speaks for its family.
  for (const {
    state,
    families: [owner],
  } of [...kinds.values()].toSorted((a, b) => a.requests - b.requests)) {
    if (owner !== undefined) families.get(owner)!.state = state
  }

  const all = [...families.values()]
  const charged = sum(all, ({ answersNano, makesNano }) => answersNano + makesNano)
  return {
    families: all.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    kinds: [...kinds.values()].toSorted((a, b) => b.requests - a.requests || (a.name < b.name ? -1 : 1)),
    overheadNano: spentNano - charged,
    overheadCalls: ledger.length - sum(all, ({ calls }) => calls),
    spentNano,
    baselineNano: sum(all, ({ baselineNano }) => baselineNano),
  }
}

/** With how many answers a tool had made up for the cost of all its makes, counted along the run. */
export type PayBack =
  | { status: 'no tool' }
  /** `after`: the first answers that had saved as much together. */
  | { status: 'paid'; after: number }
  /** `missingNano`: what is left to be saved; null: the tool saves nothing. */
  | { status: 'not yet'; missingNano: number | null }

export function payBackOf({ versions, toolSavingsNano, makesNano }: Account): PayBack {
  if (versions.length === 0) return { status: 'no tool' }
  let saved = 0
  for (const [before, saving] of toolSavingsNano.entries()) {
    saved += saving
    if (saved > 0 && saved >= makesNano) return { status: 'paid', after: before + 1 }
  }
  return { status: 'not yet', missingNano: saved > 0 ? makesNano - saved : null }
}

export function spentOf({ answersNano, makesNano }: Account): number {
  return answersNano + makesNano
}

function add(account: Account, { target }: Sample, result: Result): void {
  account.requests++
  if (result.tier === null) account.failed++
  else account.tiers[result.tier]++
  if (target !== null) {
    account.keyed++
    if (isRight(result.answer, target)) account.right++
  }
  account.answersNano += result.costNano ?? 0
  account.baselineNano += result.baselineNano ?? 0
  if (result.costNano === null || result.baselineNano === null) account.unknown++
  if (result.tier === 'extracted' || result.tier === 'called') {
    account.toolSavingsNano.push((result.baselineNano ?? 0) - (result.costNano ?? 0))
  }
}

function emptyAccount(name: string): Account {
  return {
    name,
    families: [],
    requests: 0,
    tiers: { extracted: 0, called: 0, direct: 0 },
    failed: 0,
    keyed: 0,
    right: 0,
    versions: [],
    state: null,
    answersNano: 0,
    makesNano: 0,
    calls: 0,
    baselineNano: 0,
    unknown: 0,
    toolSavingsNano: [],
  }
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0)
}
