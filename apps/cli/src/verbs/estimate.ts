import { exactUsd, shownCost, shownShare } from '@toolwright/contracts'
import { openPrices } from '@toolwright/llm'
import { resolve } from 'node:path'
import { modelsOf } from '../env.ts'
import { type Estimate, estimateCost, type GroupEstimate, type Models } from '../estimate/estimate-cost.ts'
import { lookAtInput } from '../estimate/input-sample.ts'
import type { Range } from '../estimate/range.ts'
import { EXIT } from '../exit-codes.ts'
import { parseFlags, usageError, wholeNumber } from '../flags.ts'
import { withSpace } from '../open-space.ts'
import { checkInput } from '../run-files.ts'
import { type Column, renderTable } from '../table.ts'
import type { Verb } from '../verb.ts'

const SAMPLE = 2_000
const SHOWN_GROUPS = 20

const flags = {
  sample: { type: 'string', value: 'N', about: `look at this many requests, drawn evenly from all (default ${SAMPLE})` },
  json: { type: 'boolean', about: 'as JSON, with all groups' },
} as const

export const estimate: Verb = {
  name: 'estimate',
  summary: 'what a stream would cost, before anything is spent',
  positionals: 'IN.jsonl',
  flags,
  about: `Reads all of the input, and looks more closely at a sample of it: which requests have a tool, which are of a kind that is known, and which read alike, so that tools
may be made for them. No model is called, and nothing is kept. What answers, calls and makes cost is the mean of what was paid for in this space so far; where nothing was, it is
assumed from the length of the requests and the models' prices, and the range is wide (a tenth to six times). The low end: every tool reads every request; the high end: no new tool is
found, after all that was tried. Both reckon with what answers of a kind cost at 95 % confidence, from how far the paid ones are apart (one alone, or those of other kinds: half to
twice), and with how many requests of a kind the whole input may hold, at 95 % confidence too, where only a sample was looked at. The baseline, every request by the strong model, is an
estimate of what will not happen, with the same doubts in its interval, and says how many paid answers it rests on. Requests that begin alike count as one kind, so one kind in several
wordings is counted as several. The models and prices are those of the environment, as for ./toolwright run; a price that is unknown makes the sum unknown.`,
  run: async (args, surroundings) => {
    const { values, positionals } = parseFlags(args, flags)
    const [input, ...rest] = positionals
    if (input === undefined || rest.length > 0)
      throw usageError('estimate takes one file with requests: ./toolwright estimate requests.jsonl')
    if (input === '-') throw usageError('estimate takes a file, since what is read from a pipe could not be read again by ./toolwright run')
    checkInput(input)
    const wanted = wholeNumber('--sample', values.sample, 1, SAMPLE)
    const { folders, inherited } = surroundings
    const { settings, prices: priceFile } = modelsOf(inherited)
    const costAt = ({ model, baseUrl, priceTier }: (typeof settings)['strong']): Models['strong'] => {
      const prices = openPrices(priceFile, priceTier)
      return (tokens) => prices.costOf(model, tokens, baseUrl).costNano
    }
    const models = { strong: costAt(settings.strong), light: costAt(settings.light) }
    return await withSpace(surroundings, async (space) => {
      const sample = await lookAtInput({ folders, inherited, redisUrl: space.url, input: resolve(input), wanted })
      if (sample.requests === 0) throw usageError(`${input} holds no requests: each line is one, such as {"input": "…"}`)
      const found = await estimateCost(space.registry, models, sample)
      await surroundings.print(values.json ? `${JSON.stringify(asJson(found), null, 2)}\n` : shown(found, input, surroundings.columns))
      return EXIT.ok
    })
  },
}

const COLUMNS: Column<GroupEstimate>[] = [
  { title: 'requests', align: 'right', cell: ({ requests }) => count(requests) },
  { title: 'expected', align: 'right', cell: ({ cost }) => shownCost(cost.expected) },
  { title: 'from', align: 'right', cell: ({ cost }) => shownCost(cost.low) },
  { title: 'to', align: 'right', cell: ({ cost }) => shownCost(cost.high) },
  { title: 'baseline', align: 'right', cell: ({ baseline }) => shownCost(baseline) },
  { title: 'answered by', align: 'left', cell: ({ how }) => how },
  {
    title: 'what',
    align: 'left',
    cell: ({ kind, label }) => [kind, label].filter((one) => one !== null && one !== '').join(' ') || 'others',
  },
]

function shown(found: Estimate, input: string, width: number): string {
  const { requests, sampled, unusable, groups, cost, baseline, observations } = found
  const left = groups.slice(SHOWN_GROUPS)
  const how = (which: GroupEstimate['how']) => groups.filter((group) => group.how === which).length
  return [
    `${input}: ${count(requests)} requests; looked at ${sampled === requests ? 'all of them' : count(sampled)}${unusable > 0 ? `, of which ${count(unusable)} cannot become requests` : ''}`,
    '',
    renderTable(COLUMNS, groups.slice(0, SHOWN_GROUPS), width),
    ...(left.length > 0 ? [`and ${count(left.length)} smaller groups (--json lists them)`, ''] : []),
    `Tools:    ${how('tool')} that serve, ${how('tool to be made')} to be made (requests that begin alike count as one kind)`,
    `Expected: ${shownCost(cost.expected)}, from ${shownCost(cost.low)} to ${shownCost(cost.high)}${saving(cost, baseline)}`,
    `Baseline: ${shownCost(baseline.expected)}, from ${shownCost(baseline.low)} to ${shownCost(baseline.high)}${baseline.assumed + baseline.once === 0 ? ' (95 % interval)' : ''}: an estimate of what will not happen, every request by the strong model`,
    ...baselineNotes(found).map((note) => `          ${note}`),
    ...(observations > 0
      ? []
      : [
          'Nothing was paid for here yet: what answers cost is assumed from the length of the requests, so a first run with --limit tells more.',
        ]),
    '',
  ].join('\n')
}

/** What it rests on. */
function baselineNotes({ requests, sampled, baseline, observations }: Estimate): string[] {
  const { measured, once, assumed } = baseline
  return [
    ...(measured + once > 0 ? [`it rests on ${counted(baseline.observations, 'paid answer')} of the kinds of this stream:`] : []),
    ...(measured > 0 ? [`${counted(measured, 'request')}: of kinds with several of them, at 95 % confidence`] : []),
    ...(once > 0 ? [`${counted(once, 'request')}: of kinds with a single one, half to twice of it`] : []),
    ...(assumed > 0
      ? [
          observations > 0
            ? `${counted(assumed, 'request')}: assumed from ${counted(observations, 'paid answer')} of other kinds, half to twice of it`
            : `${counted(assumed, 'request')}: assumed from their length, a tenth of it to six times, from no paid answer`,
        ]
      : []),
    ...(sampled < requests ? ['the shares of kinds: from the sample, at 95 % confidence'] : []),
  ]
}

function saving({ expected }: Range, { expected: baseline }: Range): string {
  if (expected === null || baseline === null || baseline === 0) return ''
  return expected <= baseline
    ? `: ${shownShare(baseline - expected, baseline)} less than the baseline`
    : ': more than the baseline, so the tools cost more than they save on this stream'
}

function asJson({ groups, cost, baseline, ...rest }: Estimate): Record<string, unknown> {
  return {
    ...rest,
    is_estimate: true,
    cost_usd: rangeJson(cost),
    baseline: {
      is_estimate: true,
      usd: usd(baseline.expected),
      interval: { low_usd: usd(baseline.low), high_usd: usd(baseline.high) },
      observations: baseline.observations,
      measured_requests: baseline.measured,
      single_answer_requests: baseline.once,
      assumed_requests: baseline.assumed,
    },
    groups: groups.map((group) => ({
      label: group.label,
      kind: group.kind,
      requests: group.requests,
      requests_interval: { low: group.atLeast, high: group.atMost },
      how: group.how,
      cost_usd: rangeJson(group.cost),
      baseline_usd: usd(group.baseline),
    })),
  }
}

function rangeJson({ low, expected, high }: Range): Record<string, string | null> {
  return { low: usd(low), expected: usd(expected), high: usd(high) }
}

function usd(nano: number | null): string | null {
  return nano === null ? null : exactUsd(nano)
}

function counted(value: number, what: string): string {
  return `${count(value)} ${what}${value === 1 ? '' : 's'}`
}

function count(value: number): string {
  return value.toLocaleString('en-US')
}
