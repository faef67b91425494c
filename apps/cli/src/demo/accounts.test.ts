import type { LedgerEntry } from '@toolwright/contracts'
import { expect, test } from 'vitest'
import { accountsOf, payBackOf, spentOf, type Account } from './accounts.ts'
import { renderAccounts } from './report.ts'
import type { Result } from './samples.ts'

const samples = Array.from({ length: 6 }, (_, at) => ({
  id: `r${at}`,
  family: at < 4 ? 'dyck' : 'opinion',
  text: `t${at}`,
  target: at < 4 ? 'yes' : null,
}))

const results: Result[] = samples.map(({ id, family }, at) => ({
  id,
  tier: family === 'opinion' || at === 0 ? 'direct' : 'extracted',
  // One opinion was taken for the other kind.
  kind: at === 5 || family === 'dyck' ? 'k-dyck-000000' : 'k-opinion-000000',
  version: at === 0 ? null : 1,
  decidedBy: 'judge',
  answer: at === 1 ? 'no' : 'yes',
  costNano: family === 'opinion' || at === 0 ? 100 : 0,
  baselineNano: family === 'opinion' ? 90 : 100,
  promptTokens: 0,
  outputTokens: 0,
}))

function entry(kind: string | null, bucket: LedgerEntry['bucket'], costNano: number): LedgerEntry {
  const tokens = { uncachedInput: 1, cacheRead: 0, cacheWrite: 0, output: 1 }
  return {
    v: 1,
    run: 'r-aaaaaaaaaa',
    kind,
    role: 'strong',
    model: 'm',
    purpose: 'answer',
    cause: 'normal',
    bucket,
    tokens,
    costNano,
    price: 'p',
    at: 1,
  }
}

const ledger = [
  entry('k-dyck-000000', 'results', 200),
  entry('k-opinion-000000', 'results', 100),
  entry('k-dyck-000000', 'makes', 250),
  entry(null, 'overhead', 30),
]

const accounts = accountsOf({
  samples,
  results,
  ledger,
  tools: [{ kind: 'k-dyck-000000', version: 1 }],
  kinds: [
    { id: 'k-dyck-000000', state: 'tooled' },
    { id: 'k-opinion-000000', state: 'declined' },
  ],
})

test('sums each family and each kind, and charges makes to the family that most of the kind are of', () => {
  const dyck = accounts.families.find(({ name }) => name === 'dyck')
  expect(dyck).toMatchObject({
    requests: 4,
    tiers: { extracted: 3, called: 0, direct: 1 },
    keyed: 4,
    right: 3,
    answersNano: 100,
    makesNano: 250,
    baselineNano: 400,
    toolSavingsNano: [100, 100, 100],
  })
  expect(accounts.kinds.map(({ name, requests, families }) => [name, requests, families])).toEqual([
    ['k-dyck-000000', 5, ['dyck', 'opinion']],
    ['k-opinion-000000', 1, ['opinion']],
  ])
})

test('what the families were charged and the overhead add up to the ledger', () => {
  expect(accounts.spentNano).toBe(580)
  expect(accounts.overheadNano + accounts.families.reduce((sum, family) => sum + spentOf(family), 0)).toBe(580)
  expect(accounts.overheadNano).toBe(30)
})

test('tells after how many requests a tool had paid for itself, or how much is missing', () => {
  const dyck = accounts.families.find(({ name }) => name === 'dyck')!
  expect(payBackOf(dyck)).toEqual({ status: 'paid', after: 3 })
  expect(payBackOf({ ...dyck, makesNano: 1_000 })).toEqual({ status: 'not yet', missingNano: 700 })
  expect(payBackOf({ ...dyck, toolSavingsNano: [-2, -3] })).toEqual({ status: 'not yet', missingNano: null })
  expect(payBackOf({ ...dyck, toolSavingsNano: [] })).toEqual({ status: 'not yet', missingNano: null })
  // Counted along the run: the mean of these would say 5.
  expect(payBackOf({ ...dyck, toolSavingsNano: [200, 50, -100, 0, 0, 0, 150] })).toEqual({ status: 'paid', after: 2 })
  expect(payBackOf({ ...dyck, toolSavingsNano: [0, 0, 0, 300] })).toEqual({ status: 'paid', after: 4 })
  expect(payBackOf({ ...dyck, versions: [] })).toEqual({ status: 'no tool' })
})

test('losing rows are shown like winning ones, on any width', () => {
  for (const width of [40, 80, 160]) {
    const text = renderAccounts(accounts, width)
    expect(text).toMatch(/opinion[^]*no tool: given up/)
    expect(text).toContain('after 3')
    expect(text).toContain('-<$0.0001')
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(width)
  }
})

test('a family without any result still has its row', () => {
  const empty: Account[] = accountsOf({ samples, results: [], ledger: [], tools: [], kinds: [] }).families
  expect(empty.map(({ name, requests }) => [name, requests])).toEqual([
    ['dyck', 0],
    ['opinion', 0],
  ])
})
