import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { openPipeline, type Pipeline, until } from '../pipeline.ts'
import { openShell, type Shell, type StartedCommand } from './command.ts'
import { idsOf, type OutputLine, readOutput, readSummary, seqsOf } from './results.ts'
import { batchLine, mixedLines } from './stream.ts'

// One simulator and one registry for all, and the tests in this order: what one run has made, the next commands find.
const FAMILIES = ['unit-conversion', 'word-sorting']
const STRONG = 'sim-strong'
const LIGHT = 'sim-light'

let pipeline: Pipeline
let shell: Shell
let stages: StartedCommand

beforeAll(async () => {
  pipeline = await openPipeline({
    stages: { producer: 0, user: 0, maker: 0, executor: 0 },
    settings: { apiKey: 'the-key', wrongness: { strong: { answer: { otherwise: 0, families: {} } } } },
  })
  const { REDIS_URL, TOOLWRIGHT_REDIS_PERSISTENCE, TOOLWRIGHT_PREFIX, TOOLWRIGHT_PRICES } = pipeline.environment
  shell = openShell({
    REDIS_URL: REDIS_URL!,
    TOOLWRIGHT_REDIS_PERSISTENCE: TOOLWRIGHT_REDIS_PERSISTENCE!,
    TOOLWRIGHT_PREFIX: TOOLWRIGHT_PREFIX!,
    TOOLWRIGHT_PRICES: TOOLWRIGHT_PRICES!,
    // All that an endpoint is given by.
    OPENAI_BASE_URL: pipeline.simulator.url,
    OPENAI_API_KEY: 'the-key',
    TOOLWRIGHT_STRONG_MODEL: STRONG,
    TOOLWRIGHT_LIGHT_MODEL: LIGHT,
  })
}, 60_000)
afterAll(async () => {
  shell.close()
  await pipeline.close()
}, 60_000)

/** Runs a command that should end well, and returns what it wrote. */
async function succeed(args: string[], options?: Parameters<Shell['run']>[1]): Promise<{ stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await shell.run(args, options)
  expect(code, `./toolwright ${args.join(' ')}\n${stderr}`).toBe(0)
  return { stdout, stderr }
}

function write(name: string, lines: readonly string[]): void {
  writeFileSync(join(shell.folder, name), lines.map((line) => `${line}\n`).join(''))
}

function outputOf(name: string): OutputLine[] {
  return readOutput(readFileSync(join(shell.folder, name), 'utf8'))
}

async function toolsMade(): Promise<number> {
  return (await pipeline.publishedVersions()).size
}

test(
  'run answers a file of both forms with nothing but a base URL, a key and two models; data in the file, talk on stderr, nothing left running',
  { timeout: 180_000 },
  async () => {
    const generated = await succeed(['generate', ...FAMILIES, '--count', '80', '--seed', '5', '--mix'])
    const Generated = z.strictObject({ id: z.string(), input: z.string(), kind: z.enum(FAMILIES), target: z.string() })
    const requests = generated.stdout
      .trimEnd()
      .split('\n')
      .map((line) => Generated.parse(JSON.parse(line)))
    write(
      'in.jsonl',
      requests.map(({ id, input, kind, target }, at) =>
        JSON.stringify(at % 2 === 0 ? { id, input, kind, target } : batchLine(id, input, { kind, target })),
      ),
    )

    const { stdout, stderr } = await succeed(['run', 'in.jsonl', '-o', 'out.jsonl', '--make', 'eager'])

    expect(stdout).toBe('')
    expect(stderr).toMatch(/^starting all stages for this run/m)
    expect(stderr.match(/^tool made: k-(unit-conversion|word-sorting)-\w{6} v1 /gm)).toHaveLength(2)
    expect(stderr).toMatch(/^Run r-[a-z2-7]{10}: 80 lines in \d+ s, 80 answered, 0 failed, 2 tools made$/m)
    expect(stderr).toMatch(/^Spent: +\$0\.\d{4}$/m)
    expect(stderr).toContain(`Results: ${join(shell.folder, 'out.jsonl')}`)

    const lines = outputOf('out.jsonl')
    expect(idsOf(lines)).toEqual(requests.map(({ id }) => id).toSorted())
    const byId = new Map(requests.map((request) => [request.id, request]))
    for (const { custom_id: id, response, error, toolwright } of lines) {
      expect(error).toBeNull()
      const { model, choices, usage } = response!.body
      expect(toolwright).toMatchObject({ kind_name: byId.get(id)!.kind, decided_by: 'name' })
      expect(toolwright.correct).toBe(choices[0]!.message.content === byId.get(id)!.target)
      expect(model).toBe({ extracted: 'toolwright/extracted', called: LIGHT, direct: STRONG }[toolwright.tier!])
      expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens)
      const isFree = toolwright.tier === 'extracted'
      expect([usage.total_tokens === 0, Number(toolwright.cost_usd) === 0]).toEqual([isFree, isFree])
      expect(toolwright.tool === null).toBe(toolwright.tier === 'direct')
    }
    const tiers = lines.map(({ toolwright }) => toolwright.tier)
    expect(tiers.filter((tier) => tier === 'extracted').length, stderr).toBeGreaterThan(30)
    expect(lines.filter(({ toolwright }) => toolwright.tier === 'extracted' && toolwright.correct !== true)).toEqual([])

    expect(shell.left()).toEqual([])
  },
)

test('up serves every stage, and run uses what is there', { timeout: 120_000 }, async () => {
  stages = shell.start(['up', '--exporter', '0'])
  await until(
    'every stage serves its queue',
    async () => {
      const queues = ['requests', 'user', 'direct', 'maker', 'execution'] as const
      return (await Promise.all(queues.map((queue) => pipeline.queues.workersOf(queue)))).every((workers) => workers === 1)
    },
    90_000,
  )
  write('few.jsonl', mixedLines({ families: FAMILIES, count: 6, seed: 21, isLabelled: true }))
  const { stderr } = await succeed(['run', 'few.jsonl', '-o', 'few.out.jsonl'])
  expect(stderr).not.toContain('starting')
  expect(outputOf('few.out.jsonl')).toHaveLength(6)
})

test('stdin to stdout: results and nothing else on stdout, the summary as JSON at the end of stderr', { timeout: 120_000 }, async () => {
  const lines = mixedLines({ families: FAMILIES, count: 30, seed: 6 })
  const { stdout, stderr } = await succeed(['run', '-', '--json'], { stdin: lines.join('\n') })

  const results = readOutput(stdout)
  expect(seqsOf(results)).toEqual(lines.map((_, at) => at))
  // No target was given, so nothing is said to be right.
  expect(new Set(results.map(({ toolwright }) => toolwright.correct))).toEqual(new Set([null]))
  const summary = readSummary(stderr.trimEnd().split('\n').at(-1)!)
  expect(summary).toMatchObject({ lines: 30, answered: 30, failed: 0, run: results[0]!.toolwright.run })
  expect(Object.values(summary.tiers).reduce((sum, tier) => sum + tier.lines, 0)).toBe(30)
  // All were read and written by this process.
  for (const tier of ['extracted', 'called', 'direct'] as const) expect(summary.latency[tier].lines).toBe(summary.tiers[tier].lines)
  expect(summary.prices).toContainEqual({ role: 'strong', price: 'price file simulated-1: sim-strong', is_zero: false })
})

test(
  'lines that fail go where --errors says and make the exit code 3; --limit reads no further; --json is alone on stdout',
  { timeout: 120_000 },
  async () => {
    const good = mixedLines({ families: FAMILIES, count: 8, seed: 7, isLabelled: true })
    write('mixed.jsonl', [good[0]!, '{"input": "Sort these', good[1]!, JSON.stringify({ id: 'typo', inptu: 'x' }), ...good.slice(2)])

    const { code, stdout, stderr } = await shell.run([
      'run',
      'mixed.jsonl',
      '-o',
      'good.jsonl',
      '--errors',
      'bad.jsonl',
      '--limit',
      '7',
      '--json',
    ])

    expect(code, stderr).toBe(3)
    expect(idsOf(outputOf('good.jsonl'))).toEqual(good.slice(0, 5).map(idOf).toSorted())
    const bad = outputOf('bad.jsonl')
    expect(bad.map(({ custom_id: id, response, error }) => [id, response, error?.code])).toEqual([
      ['line-2', null, 'invalid_json_line'],
      ['typo', null, 'invalid_request'],
    ])
    expect(bad.map(({ error }) => error!.message)).toEqual([
      expect.stringMatching(/^line 2 is not valid JSON .*it ends too early/),
      'line 4: unknown key "inptu"; did you mean "input"?',
    ])
    expect(readSummary(stdout)).toMatchObject({ lines: 7, answered: 5, failed: 2 })
    expect(stderr).not.toContain('{"run"')
  },
)

test('a run goes on under its id and says when it is done; nothing is paid for twice', { timeout: 120_000 }, async () => {
  const run = 'r-goeson2345'
  // Of no kind with a tool: every line is paid for.
  const lines = mixedLines({ families: ['world-knowledge'], count: 14, seed: 8 })
  write('facts.jsonl', lines)
  const command = ['run', 'facts.jsonl', '-o', 'facts.out.jsonl', '--run-id', run]
  await succeed([...command, '--limit', '9'])
  expect(idsOf(outputOf('facts.out.jsonl'))).toEqual(lines.slice(0, 9).map(idOf).toSorted())
  for (const { response, toolwright } of outputOf('facts.out.jsonl')) {
    expect(toolwright).toMatchObject({ tier: 'direct', tool: null })
    expect(response!.body).toMatchObject({ model: STRONG, choices: [{ message: { content: expect.stringMatching(/./) } }] })
    expect(response!.body.usage.completion_tokens).toBeGreaterThan(0)
    expect(Number(toolwright.cost_usd)).toBeGreaterThan(0)
  }
  const paid = await pipeline.ledger(run)
  expect(paid.length).toBeGreaterThanOrEqual(9)

  const again = await succeed([...command, '--limit', '9'])
  expect(again.stderr).toMatch(new RegExp(`^run ${run} is done already`, 'm'))
  expect(again.stderr).toMatch(new RegExp(`^Run ${run}: 9 lines in .*, 9 answered, 0 failed`, 'm'))
  expect(await pipeline.ledger(run)).toEqual(paid)

  // What was paid for stays paid, and the rest of the file follows.
  await succeed(command)
  expect(idsOf(outputOf('facts.out.jsonl'))).toEqual(lines.map(idOf).toSorted())
  const ledger = await pipeline.ledger(run)
  expect(ledger.slice(0, paid.length)).toEqual(paid)
  expect(ledger.filter(({ bucket }) => bucket === 'waste')).toEqual([])

  const refusals: [string[], RegExp][] = [
    [['facts.jsonl', '--run-id', run], /not all of the 14 results that run \S+ has written are in standard output: name the file/],
    [
      ['facts.jsonl', '-o', 'elsewhere.jsonl', '--run-id', run],
      /not all of the 14 results that run \S+ has written are in .*elsewhere\.jsonl/,
    ],
    [['in.jsonl', '-o', 'another.jsonl', '--run-id', run], /reads another input \(.*facts\.jsonl\); choose another --run-id/],
    [['facts.jsonl', '-o', 'out.jsonl'], /out\.jsonl already exists; it holds results of run r-.*--run-id r-/],
  ]
  await Promise.all(
    refusals.map(async ([args, message]) =>
      expect(await shell.run(['run', ...args])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) }),
    ),
  )
  expect(await pipeline.ledger(run)).toHaveLength(ledger.length)
})

test(
  '--ordered keeps the order of the input, on a pipe and beside an errors file; --dedupe answers once what is the same',
  { timeout: 120_000 },
  async () => {
    const lines = mixedLines({ families: ['world-knowledge'], count: 12, seed: 9 }).map((line, at) => (at === 3 ? '{"input": ' : line))
    const again = lines.filter((_, at) => at !== 3).map((line, at) => line.replace(/"(id|custom_id)":"[^"]*"/, `"$1":"again-${at}"`))
    write('twice.jsonl', [...lines, ...again])
    const command = ['run', 'twice.jsonl', '--ordered', '--dedupe', '--run-id', 'r-twiceorder', '--errors', 'twice.bad.jsonl', '--json']
    const { code, stdout, stderr } = await shell.run(command)
    expect(code, stderr).toBe(3)
    const results = readOutput(stdout)
    expect(results.map(({ toolwright }) => toolwright.seq)).toEqual(Array.from({ length: 23 }, (_, at) => at).filter((at) => at !== 3))
    expect(outputOf('twice.bad.jsonl').map(({ toolwright }) => toolwright.seq)).toEqual([3])
    const copies = results.slice(11)
    expect(copies.map(({ toolwright }) => [toolwright.duplicate_of, toolwright.cost_usd])).toEqual(
      results.slice(0, 11).map(({ custom_id: id }) => [id, '0']),
    )
    expect(copies.map(({ response }) => response!.body.choices)).toEqual(results.slice(0, 11).map(({ response }) => response!.body.choices))
    expect(JSON.parse(stderr.trimEnd().split('\n').at(-1)!)).toMatchObject({ lines: 23, answered: 22, failed: 1, duplicates: 11 })
    const ledger = await pipeline.ledger('r-twiceorder')
    expect(ledger.filter(({ purpose }) => purpose === 'answer')).toHaveLength(11)
  },
)

test('status, kinds and tools tell what there is, for people and for programs', { timeout: 120_000 }, async () => {
  const asked = [
    'status',
    'status --json',
    'kinds list',
    'kinds list --json',
    'tools list --json',
    'tools show word-sorting',
    'tools source word-sorting',
  ]
  const told = await Promise.all(asked.map(async (words) => (await succeed(words.split(' '))).stdout))
  const [status, statusJson, kinds, kindsJson, toolsJson, shown, source] = told as [string, string, string, string, string, string, string]
  expect(status).toMatch(/^requests +producer +1 /m)
  expect(status).toMatch(/^r-goeson2345 +done +14 /m)
  expect(status).toMatch(/^Spent +\$0\.\d{4} in \d+ calls: results /m)
  const { runs, tools, queues } = z
    .object({
      runs: z.array(z.object({ run: z.string(), state: z.string(), read: z.int() })),
      tools: z.object({ serving: z.int() }),
      queues: z.array(z.object({ queue: z.string(), workers: z.int() })),
    })
    .parse(JSON.parse(statusJson))
  expect(runs.find(({ run }) => run === 'r-goeson2345')).toEqual({ run: 'r-goeson2345', state: 'done', read: 14 })
  expect(tools.serving).toBe(await toolsMade())
  expect(queues.map(({ queue, workers }) => [queue, workers])).toContainEqual(['execution', 1])

  const Kinds = z.array(z.object({ id: z.string(), name: z.string(), state: z.string(), seen: z.int() }))
  const named = Kinds.parse(JSON.parse(kindsJson)).filter(({ name }) => FAMILIES.includes(name))
  expect(named.map(({ state }) => state)).toEqual(['tooled', 'tooled'])
  expect(kinds).toMatch(/^k-word-sorting-\w{6} +word-sorting +tooled +v\d/m)

  const Tools = z.array(
    z.object({
      kind: z.string(),
      name: z.string(),
      serves: z.int().nullable(),
      sha256: z.string(),
      tiers: z.object({}),
      economy: z.object({ makes_usd: z.string(), uses: z.int(), break_even: z.object({ status: z.string() }) }),
    }),
  )
  const listed = Tools.parse(JSON.parse(toolsJson))
  expect(
    listed
      .map(({ name }) => name)
      .filter((name) => name !== '')
      .toSorted(),
  ).toEqual(FAMILIES)
  for (const { economy } of listed.filter(({ name }) => name !== '')) expect(economy.uses).toBeGreaterThan(0)
  expect(shown).toMatch(/^tool +k-word-sorting-\w{6}@\d+\nserves +yes\n/)
  // Where all requests have targets, nothing goes direct, and nothing says what that would have cost.
  expect(shown).toMatch(
    /^baseline (\$[\d.]+ a request by the strong model \(estimate: mean of \d+ direct calls?[,;]|unknown: no direct answer)/m,
  )
  expect(shown).toMatch(/^paid +(paid after|not paid|unknown: a price)/m)
  expect(source).toMatch(/^def solve\(/m)
  expect(source).toMatch(/^def extract\(/m)
})

test('tools that are exported serve in another space, without a text of any request', { timeout: 120_000 }, async () => {
  const { stderr } = await succeed(['tools', 'export', 'exported'])
  expect(stderr).toMatch(/^\d+ tools in .*exported$/m)
  const folders = readdirSync(join(shell.folder, 'exported'))
  const sorting = folders.find((name) => name.startsWith('k-word-sorting-'))!
  expect(existsSync(join(shell.folder, 'exported', sorting, 'source.py'))).toBe(true)
  const asked = (JSON.parse(readFileSync(join(shell.folder, 'in.jsonl'), 'utf8').split('\n')[0]!) as { input: string }).input
  for (const name of folders) expect(readFileSync(join(shell.folder, 'exported', name, 'tool.json'), 'utf8')).not.toContain(asked)

  const other = { environment: { TOOLWRIGHT_SPACE: 'other' } }
  const imported = await succeed(['tools', 'import', 'exported'], other)
  expect(imported.stderr).toContain(`published as ${sorting}@1`)
  const source = await succeed(['tools', 'source', 'word-sorting'])
  expect(await succeed(['tools', 'source', 'word-sorting'], other)).toEqual(source)
  expect((await succeed(['tools', 'import', 'exported'], other)).stderr).toContain('is there already, and serves as')
})

test('a tool that is disabled answers nothing until it is enabled again', { timeout: 120_000 }, async () => {
  write('sort.jsonl', mixedLines({ families: ['word-sorting'], count: 4, seed: 31, isLabelled: true }))
  await succeed(['tools', 'disable', 'word-sorting'])
  await succeed(['run', 'sort.jsonl', '-o', 'disabled.jsonl'])
  expect(outputOf('disabled.jsonl').map(({ toolwright }) => toolwright.tier)).toEqual(['direct', 'direct', 'direct', 'direct'])
  await succeed(['tools', 'enable', 'word-sorting'])
  await succeed(['run', 'sort.jsonl', '-o', 'enabled.jsonl'])
  expect(outputOf('enabled.jsonl').filter(({ toolwright }) => toolwright.tool !== null).length).toBeGreaterThan(0)
})

test('doctor finds nothing that keeps runs from working', { timeout: 120_000 }, async () => {
  const { stdout } = await succeed(['doctor'])
  expect(stdout).toMatch(/^(ok|warn) +redis +(Redis|Valkey) \d/m)
  for (const subject of ['node', 'sandbox', 'strong model', 'light model']) expect(stdout).toMatch(new RegExp(`^ok +${subject} `, 'm'))
  expect(stdout).not.toMatch(/^fail/m)
})

test('Ctrl-C ends up in order, and nothing of it is left', { timeout: 60_000 }, async () => {
  stages.interrupt()
  const { code, stderr } = await stages.ended
  expect(code, stderr).toBe(130)
  expect(shell.left()).toEqual([])
})

function idOf(line: string): string {
  const { id, custom_id: batchId } = z.object({ id: z.string().optional(), custom_id: z.string().optional() }).parse(JSON.parse(line))
  return id ?? batchId!
}
