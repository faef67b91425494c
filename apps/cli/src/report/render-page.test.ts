import { exactUsd, type LineResult, RunSettings, Tool } from '@toolwright/contracts'
import type { Intent, KeptReply } from '@toolwright/registry'
import { openTestRegistry, type TestRegistry } from '@toolwright/registry/testing'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readRun } from './read-run.ts'
import { renderPage } from './render-page.ts'

const RUN = 'r-aaaaaaaaaa'
const HOSTILE = `</code></pre><script>alert("x")</script><img src=x onerror='alert(1)'>&amp;]]>`
const SETTINGS = RunSettings.parse({ v: 1 })

let data: TestRegistry
let folder: string
let results: string
beforeEach(() => {
  data = openTestRegistry()
  folder = mkdtempSync(join(tmpdir(), 'toolwright-report-'))
  results = join(folder, 'results.jsonl')
})
afterEach(async () => {
  rmSync(folder, { recursive: true })
  await data.close()
})

/** A run of one kind, whose name is hostile and whose tool cost $0.05: ten answers of it, each saving $0.01, and one request that failed. */
async function madeUpRun(output: string | null, costNano: number | null = 50_000_000, price = 'test@1'): Promise<string> {
  const { registry } = data
  await registry.runs.open(RUN, SETTINGS, 'in.jsonl')
  await registry.runs.saveFiles(RUN, 'in.jsonl', { input: '-', output, errors: null, limit: null, retries: null, host: hostname() })
  const kind = await registry.kinds.named(HOSTILE, '', `Sort ${HOSTILE}`)
  const intent: Intent = {
    run: RUN,
    field: 'propose',
    kind,
    role: 'strong',
    purpose: 'propose',
    model: HOSTILE,
    boundNano: 100_000_000,
    timeoutMs: 60_000,
    textBytes: 40,
  }
  const tokens = { uncachedInput: 1_234, cacheRead: 0, cacheWrite: 0, output: 56 }
  const reply: KeptReply = { v: 1, text: '', finish: 'stop', model: HOSTILE, tokens, costNano, price, completion: null }
  const begun = await registry.money.begin(intent)
  if (begun === 'halted' || !('attempt' in begun)) throw new Error('the call did not begin')
  await registry.money.settle(intent, begun.attempt, reply)
  await publish(kind)
  const lines = [
    ...Array.from({ length: 10 }, (_, seq) => lineOf(seq, kind, { tier: 'extracted', correct: seq !== 0 })),
    lineOf(10, kind, { tier: null, correct: null }),
  ]
  writeFileSync(results, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"id":"torn`)
  return kind
}

function lineOf(seq: number, kind: string, { tier, correct }: { tier: 'extracted' | null; correct: boolean | null }) {
  const id = `${RUN}-${seq}`
  const created = Math.floor(Date.now() / 1000) + seq
  const version = tier === null ? null : 1
  return {
    id,
    custom_id: `${HOSTILE}${seq}`,
    response: tier === null ? null : { status_code: 200, request_id: id, body: { id: `chatcmpl-${id}`, created, choices: [] } },
    error: tier === null ? { code: 'bad_line', message: HOSTILE } : null,
    toolwright: {
      run: RUN,
      seq,
      kind,
      kind_name: HOSTILE,
      tier,
      tool: tier === null ? null : kind,
      version,
      decided_by: 'name',
      cost_usd: '0',
      baseline_usd: exactUsd(10_000_000),
      baseline_basis: 'assumed',
      correct,
    },
  }
}

async function publish(kind: string): Promise<void> {
  const tool = Tool.parse({
    v: 1,
    kind,
    version: 1,
    sha256: 'ab'.repeat(32),
    source: `def solve(): return "${HOSTILE}"\n`,
    schema: { type: 'object', description: HOSTILE },
    tiers: { extracted: true, called: false },
    verbatim: [],
    usage: [{ text: HOSTILE, arguments: '{}', run: RUN }],
    runs: [RUN],
    evidence: {
      proposedFrom: 3,
      heldBack: 3,
      extractedRight: 6,
      calledRight: 6,
      foreignTexts: 20,
      foreignAccepted: 0,
      mutants: 12,
      mutantsSurvived: 1,
      candidates: 1,
      repairs: 2,
    },
    model: HOSTILE,
    generation: 1,
    costNano: 50_000_000,
    at: Date.now(),
  })
  const { kinds } = data.registry
  await kinds.settle(kind, (await kinds.get(kind))!.generation, { end: 'published', version: 1, tool: JSON.stringify(tool) })
}

async function pageOf(): Promise<string> {
  const record = await data.registry.runs.get(RUN)
  return renderPage(await readRun(data.registry, record!))
}

/** The texts of the plots alone. */
function plotted(page: string): string[] {
  return [...page.matchAll(/<svg.*?<\/svg>/gs)].flatMap(([svg]) =>
    [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text!),
  )
}

test("plots and tables hold the run's numbers", async () => {
  await madeUpRun(results)
  const page = await pageOf()
  const texts = plotted(page)
  // Spent, the baseline, what the tool earned beyond its make, and where it had paid.
  for (const number of ['$0.0500', '$0.1000', '+$0.0500', 'paid after 5']) expect(texts).toContain(number)
  expect(page).toContain('paid after 5 uses, $0.0500 earned since')
  expect(page).toContain('90.0 %<small>9 of 10</small><small>59.6–98.2 %</small>')
  expect(page).toContain('10 requests it is assumed from other kinds')
  expect(page).toMatch(/<th scope="row">bad_line<small>.*<\/small><\/th><td class="number">1<\/td>/)
  expect(page).toContain('1 line of the results could not be read')
  expect(page).toContain('1,234')
})

test('what users, models and tools wrote is text on the page, which loads and runs nothing', async () => {
  await madeUpRun(results)
  const page = await pageOf()
  expect(page).not.toContain('<script')
  expect(page).not.toContain('<img')
  expect(page).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;')
  expect(page.match(/(?:src|href)=(?!x)/g)).toBeNull()
  expect(page.replaceAll(/xmlns(:xlink)?="[^"]*"/g, '')).not.toMatch(/https?:|url\((?!#)/)
  expect(page).toContain(`default-src 'none'`)
})

/** A direct answer of the kind that was paid for. */
async function payDirect(kind: string, field: string, costNano: number, atLightNano: number): Promise<void> {
  const { money } = data.registry
  const intent: Intent = {
    run: RUN,
    field,
    kind,
    role: 'strong',
    purpose: 'answer',
    model: 'big',
    boundNano: null,
    timeoutMs: 60_000,
    textBytes: 40,
  }
  const tokens = { uncachedInput: 10, cacheRead: 0, cacheWrite: 0, output: 5 }
  const reply: KeptReply = { v: 1, text: '', finish: 'stop', model: 'big', tokens, costNano, price: 'own 1: big', completion: null }
  await money.begin(intent)
  await money.settle(intent, 1, reply, atLightNano)
}

test('the baseline has its interval and observations, the light model is a second one, and dearer tools say so', async () => {
  const kind = await madeUpRun(results)
  writeFileSync(results, readFileSync(results, 'utf8').replaceAll('"assumed"', '"measured"'))
  await payDirect(kind, '20:answer', 9_000_000, 900_000)
  await payDirect(kind, '21:answer', 11_000_000, 1_100_000)
  const page = await pageOf()
  // Ten requests, two observations with a variance of 2 · 10¹²: 12.706 · √(2 · 10¹² · (100 / 2 + 10)).
  expect(page).toContain('± $0.1392 (95 %); all answers by the strong model')
  expect(page).toContain('For 10 requests that went another way it rests on 2 direct calls')
  expect(page).toContain('<span>the light model alone, an estimate</span><b>$0.0100</b><span>less than was spent; its answers may be worse')
  // The make cost $0.05, for ten uses.
  expect(page).toContain('dearer<small>$0.0050 a use, the light model $0.0010</small>')
  expect(page).toContain('1 of the 1 tool that answered is dearer so far')
  expect(page).toContain('Prices that calls were booked by: test@1; own 1: big.')
})

test('latencies are drawn and told by tier', async () => {
  const kind = await madeUpRun(results)
  expect(await pageOf()).toContain('No request of this run was timed')
  const line = (seq: number, tier: 'extracted' | 'called'): LineResult => ({
    status: 'answered',
    seq,
    customId: '',
    kind,
    kindName: null,
    decidedBy: null,
    costNano: 0,
    baseline: { costNano: null, basis: 'unknown' },
    tier,
    tool: null,
    version: 1,
    model: '',
    answer: '',
    completion: null,
    usage: null,
    correct: null,
  })
  const lines = [...Array.from({ length: 9 }, (_, seq) => line(seq, 'extracted')), line(9, 'called')]
  await data.registry.totals.addResults(RUN, lines, new Map(lines.map(({ seq }) => [seq, seq === 8 ? 61_000 : 40 + seq])))
  const page = await pageOf()
  expect(page).toContain('<th scope="row">extracted</th><td class="number">9</td><td class="number">47 ms</td><td class="number">62 s</td>')
  expect(page).toContain('<th scope="row">called</th><td class="number">1</td><td class="number">51 ms</td>')
  expect(page).not.toContain('<th scope="row">direct</th><td class="number">0</td>')
  expect(page).toContain('extracted: half within 47 ms, 99 % within 62 s')
  expect(plotted(page)).toContain('100 ms')
})

test('a run with the simulator is called one, and no other', async () => {
  await madeUpRun(results)
  expect(await pageOf()).not.toContain('simulated')
  await data.registry.runs.forget(RUN)
  await madeUpRun(results, 50_000_000, 'price file simulated-1: sim-strong')
  expect(await pageOf()).toContain('The models of this run were simulated.')
})

test('a price that is unknown is shown as unknown', async () => {
  await madeUpRun(results, null)
  const page = await pageOf()
  expect(page).toContain('<span>spent</span><b>unknown</b>')
  expect(page).toContain('<span>saved</span><b>unknown</b>')
  expect(page).toContain('unknown: a price is not known')
  expect(plotted(page)).toContain('unknown')
  expect(page).toContain('<td class="number">unknown</td><td class="number">10</td>')
})

test('without its results the page says why, and shows what the registry has', async () => {
  await madeUpRun(null)
  const page = await pageOf()
  expect(page).toContain('they went to the standard output of its command')
  expect(page).toContain('has no summary until its end')
  expect(page).toContain('<span>spent</span><b>$0.0500</b>')
  expect(page).not.toContain('baseline, an estimate')
  const cost = { usd: '0' }
  const tier = { lines: 5, targets: 4, right: 3, cost }
  const summary = {
    answered: 15,
    failed: 2,
    tiers: { extracted: tier, called: tier, direct: tier },
    baseline: { usd: '0.15', assumed_lines: 0 },
  }
  await data.registry.runs.finish(RUN, summary)
  const done = await pageOf()
  expect(done).toContain('<span>baseline, an estimate</span><b>$0.1500</b>')
  expect(done).toContain('75.0 %<small>9 of 12</small>')
  expect(done).toContain('Their causes are in the results, which are missing')
})

test('results that were moved are missing, and those of a run that has none yet are empty', async () => {
  await madeUpRun(join(folder, 'elsewhere.jsonl'))
  expect(await pageOf()).toContain('there is no such file any more')
  await data.registry.runs.open('r-bbbbbbbbbb', SETTINGS, 'in.jsonl')
  const record = await data.registry.runs.get('r-bbbbbbbbbb')
  expect(renderPage(await readRun(data.registry, record!))).toContain('This run made no tool and used none')
})
