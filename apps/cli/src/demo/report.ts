import { shownShare, shownUsd } from '@toolwright/contracts'
import { paragraph, renderTable, type Column } from '../table.ts'
import { payBackOf, spentOf, type Account, type Accounts } from './accounts.ts'
import type { Check } from './verdict.ts'

/** The demo's tables as text: what every family and every found kind came to, losing ones like the others. */
export function renderAccounts(accounts: Accounts, width: number): string {
  const { families, kinds, overheadNano, spentNano, baselineNano } = accounts
  const saving = baselineNano - spentNano
  const unknown = families.reduce((sum, family) => sum + family.unknown, 0)
  const total: Account = totalOf(families)
  return [
    `${paragraph('By family of request (which the run was not told)', width)}\n`,
    renderTable([{ title: 'family', align: 'left', cell: ({ name }) => name }, ...COLUMNS], [...families, total], width),
    paragraph(
      `Beside these, ${shownUsd(overheadNano)} went to judging which kind a request is of, and to replies that nothing used. ` +
        `In all ${shownUsd(spentNano)} were spent, where the strong model alone would have cost about ${shownUsd(baselineNano)} (baseline, an estimate): ` +
        (saving >= 0 ? `${shownUsd(saving)} saved (${shownShare(saving, baselineNano)}).` : `${shownUsd(-saving)} lost.`) +
        (unknown > 0 ? ` The baseline of ${unknown} early requests is not known and counts as nothing.` : ''),
      width,
    ),
    '',
    'By kind, as the run found them\n',
    renderTable(KIND_COLUMNS, kinds.filter(isKind), width),
    ...nurseryLine(kinds, width),
    paragraph(LEGEND, width),
    '',
  ].join('\n')
}

export function renderChecks(checks: readonly Check[], width: number): string {
  const lines = checks.flatMap(({ isMet, says, problems }) => [
    `${isMet ? 'ok  ' : 'FAIL'}  ${paragraph(says, width, '      ').trimStart()}`,
    ...problems.map((problem) => paragraph(problem, width, '      ')),
  ])
  return `${lines.join('\n')}\n`
}

const LEGEND =
  'Tiers: shares of requests that were extracted (a tool alone, no tokens), called (a tool, its arguments from the light model) and direct (the strong model). Right: answers ' +
  'equal to the key, of those that have one. Tool: the newest version of each kind. Cost: the requests’ own model calls and the makes. Paid back: how many of the tool’s answers, ' +
  'counted as they were written, had saved what all its makes cost; no tool, given up: none passed its checks, or answers did not agree; would not pay: too few requests for what a tool costs.'

const COLUMNS: Column<Account>[] = [
  { title: 'requests', align: 'right', cell: ({ requests }) => String(requests) },
  { title: 'tiers e/c/d %', align: 'right', cell: shownTiers },
  { title: 'right', align: 'right', cell: ({ right, keyed }) => (keyed === 0 ? 'no key' : shownShare(right, keyed)) },
  { title: 'tool', align: 'left', cell: toolsOf },
  { title: 'cost', align: 'right', cell: (account) => shownUsd(spentOf(account)) },
  { title: 'baseline', align: 'right', cell: ({ baselineNano }) => shownUsd(baselineNano) },
  { title: 'saving', align: 'right', cell: (account) => shownUsd(account.baselineNano - spentOf(account)) },
  { title: 'paid back', align: 'left', cell: shownPayBack },
]

const KIND_COLUMNS: Column<Account>[] = [
  { title: 'kind', align: 'left', cell: ({ name }) => name },
  { title: 'family', align: 'left', cell: familiesOf },
  ...COLUMNS,
]

/** Shares of requests, extracted/called/direct, in whole percents. */
export function shownTiers({ tiers: { extracted, called, direct }, requests }: Account): string {
  const percent = (lines: number) => ((lines / Math.max(1, requests)) * 100).toFixed(0)
  return [extracted, called, direct].map(percent).join('/')
}

function toolsOf({ versions, name }: Account): string {
  if (name === TOTAL) return `${versions.length} made`
  if (versions.length === 0) return 'none'
  const newest = new Map<string, number>()
  for (const { kind, version } of versions) newest.set(kind, Math.max(version, newest.get(kind) ?? 0))
  return [...newest.values()].map((version) => `v${version}`).join(' ')
}

const WHY_NO_TOOL = {
  nursery: 'no tool',
  gathering: 'no tool: too few',
  tooled: 'no tool',
  declined: 'no tool: given up',
  unworthy: 'no tool: would not pay',
  demoted: 'no tool: demoted',
} as const satisfies Record<NonNullable<Account['state']>, string>

function shownPayBack(account: Account): string {
  if (account.name === TOTAL) return ''
  const payBack = payBackOf(account)
  switch (payBack.status) {
    case 'no tool':
      return WHY_NO_TOOL[account.state ?? 'nursery']
    case 'paid':
      return `after ${payBack.after}`
    case 'not yet':
      return payBack.missingNano === null ? 'not yet: saves nothing' : `not yet: ${shownUsd(payBack.missingNano)} to go`
  }
}

function familiesOf({ families: [first = '', ...others] }: Account): string {
  return others.length === 0 ? first : `${first} (+${others.length})`
}

/** One or two texts that belong to nothing are no kind yet. */
function isKind({ requests, versions }: Account): boolean {
  return requests >= 3 || versions.length > 0
}

function nurseryLine(kinds: readonly Account[], width: number): string[] {
  const single = kinds.filter((kind) => !isKind(kind))
  if (single.length === 0) return []
  const requests = single.reduce((sum, kind) => sum + kind.requests, 0)
  return [
    paragraph(`and ${requests} ${requests === 1 ? 'request that was' : 'requests that were'} like too few others to be a kind`, width),
    '',
  ]
}

const TOTAL = 'all'

function totalOf(families: readonly Account[]): Account {
  const sum = (of: (account: Account) => number) => families.reduce((total, account) => total + of(account), 0)
  return {
    name: TOTAL,
    families: [],
    state: null,
    requests: sum(({ requests }) => requests),
    tiers: {
      extracted: sum(({ tiers }) => tiers.extracted),
      called: sum(({ tiers }) => tiers.called),
      direct: sum(({ tiers }) => tiers.direct),
    },
    failed: sum(({ failed }) => failed),
    keyed: sum(({ keyed }) => keyed),
    right: sum(({ right }) => right),
    versions: families.flatMap(({ versions }) => versions),
    answersNano: sum(({ answersNano }) => answersNano),
    makesNano: sum(({ makesNano }) => makesNano),
    calls: sum(({ calls }) => calls),
    baselineNano: sum(({ baselineNano }) => baselineNano),
    unknown: sum(({ unknown }) => unknown),
    toolSavingsNano: [],
  }
}
