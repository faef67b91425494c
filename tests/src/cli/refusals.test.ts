import { RunSettings } from '@toolwright/contracts'
import { connectRedis } from '@toolwright/queues'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { openPipeline, type Pipeline, until } from '../pipeline.ts'
import { openShell, type Shell } from './command.ts'
import { readOutput, seqsOf } from './results.ts'
import { strongLines } from './stream.ts'

let pipeline: Pipeline
let shell: Shell

beforeAll(async () => {
  pipeline = await openPipeline({ stages: { producer: 0, user: 0, maker: 0, executor: 0 }, settings: { apiKey: 'the-key' } })
  const { TOOLWRIGHT_STRONG_BASE_URL: _strong, TOOLWRIGHT_LIGHT_BASE_URL: _light, ...environment } = pipeline.environment
  shell = openShell({ ...environment, OPENAI_BASE_URL: pipeline.simulator.url, OPENAI_API_KEY: 'the-key' })
  write(
    'in.jsonl',
    strongLines({ families: ['world-knowledge'], count: 12, seed: 4 })
      .map((line) => `${line}\n`)
      .join(''),
  )
  write('empty.jsonl', '')
  write('blank.jsonl', '\n  \n\n')
  write('foreign.jsonl', "somebody else's data\n")
  write('prices.json', '{"version": "1", "models": {"sim-strong": {"input_mtok": 1}}}')
  mkdirSync(join(shell.folder, 'folder'))
}, 60_000)
afterAll(async () => {
  shell.close()
  await pipeline.close()
}, 60_000)

function write(name: string, text: string): void {
  writeFileSync(join(shell.folder, name), text)
}

interface Refusal {
  command: string
  says: RegExp
  code?: number
  environment?: Record<string, string>
}

const REFUSALS: Refusal[] = [
  { command: '', says: /^ {2}demo +see it at work[^]*To begin: \.\/toolwright demo/m },
  { command: 'runn in.jsonl', says: /^toolwright: there is no verb "runn": did you mean "run"\?$/m },
  { command: '--json status', says: /^toolwright: the verb comes before its flags: \.\/toolwright VERB --json/m },
  { command: 'run', says: /run needs the file with the requests, or - for stdin: \.\/toolwright run requests\.jsonl -o results\.jsonl/ },
  { command: 'run in.jsonl --limt 3', says: /unknown flag --limt: did you mean --limit\?/ },
  { command: 'run in.jsonl --frobnicate', says: /unknown flag --frobnicate: the same command with --help lists what there is/ },
  { command: 'run in.jsonl --limit x', says: /--limit takes a whole number from 1 on, not "x"/ },
  { command: 'run nowhere.jsonl', says: /there is no file nowhere\.jsonl: give the file with the requests, or - for stdin/ },
  { command: 'run folder', says: /folder is a folder: give the file with the requests, one JSON object a line/ },
  { command: 'run empty.jsonl', says: /empty\.jsonl is empty: each line is a request, such as \{"input": "…"\}/ },
  { command: 'run in.jsonl -', says: /run takes one file, not "in\.jsonl -": cat them and pass - / },
  { command: 'run in.jsonl -o no/such/out.jsonl', says: /there is no folder .*no\/such/ },
  { command: 'generate word-sortin', says: /there is no family "word-sortin": did you mean "word-sorting"\?/ },
  { command: 'worker makr', says: /there is no stage "makr": did you mean "maker"\?/ },
  { command: 'tools show k-nothing-1a2b3c', says: /there is no kind "k-nothing-1a2b3c": \.\/toolwright kinds list shows them/ },
  { command: 'kinds merge this that', says: /there is no kind "this": \.\/toolwright kinds list shows them/ },
  { command: 'status everything', says: /everything: a run id looks like r-abcdefghij/ },
  { command: 'status --watch --json', says: /--json and --watch do not go together/ },
  { command: 'pause', says: /pause takes one run, such as r-abcdefghij/ },
  { command: 'cancel r-aaaaaaaaaa', says: /there is no run r-aaaaaaaaaa here: \.\/toolwright status lists the latest/ },
  { command: 'results r-aaaaaaaaaa', says: /there is no run r-aaaaaaaaaa here/ },
  { command: 'retry-failed r-aaaaaaaaaa', says: /there is no run r-aaaaaaaaaa here/ },
  { command: 'run in.jsonl --grace soon', says: /--grace takes a whole number from 0 on, not "soon"/ },
  { command: 'resume', says: /resume takes a run, such as r-abcdefghij, and its input where that has been moved/ },
  { command: 'resume r-aaaaaaaaaa', says: /there is no run r-aaaaaaaaaa here: \.\/toolwright status lists the latest/ },
  { command: 'forget r-aaaaaaaaaa', says: /there is no run r-aaaaaaaaaa here: \.\/toolwright status lists the latest/ },
  {
    command: 'run in.jsonl',
    environment: { TOOLWRIGHT_PRICES: 'prices.json' },
    code: 5,
    says: /the price file prices\.json is not right: models\.sim-strong\.output_mtok.*; TOOLWRIGHT_PRICES names it: correct the file, or unset the variable$/m,
  },
  {
    command: 'run in.jsonl',
    environment: { TOOLWRIGHT_LIGHT_MODEL: '' },
    code: 5,
    says: /TOOLWRIGHT_LIGHT_MODEL is not set; name the light model\n.*\.\/toolwright demo/,
  },
  {
    command: 'run in.jsonl',
    environment: { REDIS_URL: 'redis://:hidden@127.0.0.1:1' },
    code: 6,
    says: /the Redis of REDIS_URL \(redis:\/\/:\*\*\*@127\.0\.0\.1:1\) does not answer: connect ECONNREFUSED/,
  },
]

test(
  'wrong use ends at once with its code and one message that names the place and the mend; nothing goes to stdout',
  { timeout: 180_000 },
  async () => {
    const waiting = [...REFUSALS]
    // Two at a time: each is a process that mostly computes.
    const work = async () => {
      for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
        const { command, says, code = 2, environment = {} } = one
        const ended = await shell.run(command.split(' ').filter(Boolean), { environment })
        expect({ command, ...ended }).toMatchObject({ command, code, stdout: '', stderr: expect.stringMatching(says) })
        expect(ended.stderr).not.toMatch(/^ {4}at |should not have happened/m)
        expect(ended.stderr).not.toContain('hidden')
      }
    }
    await Promise.all([work(), work()])
    expect(shell.left()).toEqual([])
  },
)

test(
  "input without a request and output that is somebody else's are found out before a request is read",
  { timeout: 120_000 },
  async () => {
    const refusals: [string[], RegExp][] = [
      [
        ['blank.jsonl', '-o', 'blank.out.jsonl'],
        /^toolwright: .*blank\.jsonl holds no requests: each line is one, such as \{"input": "…"\}$/m,
      ],
      [['-'], /^toolwright: standard input holds no requests/m],
      [
        ['in.jsonl', '-o', 'foreign.jsonl'],
        /^toolwright: .*foreign\.jsonl already exists; its line 1 is not a result of run r-.*Choose another file, or delete this one$/m,
      ],
      [
        ['in.jsonl', '-o', '/proc/out.jsonl'],
        /^toolwright: (cannot write \/proc\/out\.jsonl or its lock file \(ENOENT\): choose another file|--output \/proc\/out\.jsonl: the folder \/proc may not be written to; choose another place)$/m,
      ],
    ]
    // No stage is needed to see that.
    await Promise.all(
      refusals.map(async ([args, says]) =>
        expect(await shell.run(['run', '--no-workers', ...args])).toMatchObject({
          code: 2,
          stdout: '',
          stderr: expect.stringMatching(says),
        }),
      ),
    )
    expect(readFileSync(join(shell.folder, 'foreign.jsonl'), 'utf8')).toBe("somebody else's data\n")
    const { stdout } = await shell.run(['status', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ runs: [] })
  },
)

test(
  'a wrong key and an unknown model end the run with 5; once that is mended, the same run answers every line',
  { timeout: 180_000 },
  async () => {
    // All but the stage that calls models is there already: runs start that one alone.
    for (const stage of ['producer', 'maker', 'executor'] as const) pipeline.start(stage)
    const queues = ['requests', 'maker', 'execution'] as const
    await until(
      'the stages serve',
      async () => (await Promise.all(queues.map((queue) => pipeline.queues.workersOf(queue)))).every((n) => n > 0),
      90_000,
    )
    const command = ['run', 'in.jsonl', '-o', 'mended.jsonl', '--run-id', 'r-mendedrunn']
    const wrongKey = await shell.run(command, { environment: { OPENAI_API_KEY: 'not-the-key' } })
    expect(wrongKey.code, wrongKey.stderr).toBe(5)
    expect(wrongKey.stderr).toMatch(/^starting user for this run/m)
    expect(wrongKey.stderr).toMatch(
      /^the run has stopped: strong model sim-strong at 127\.0\.0\.1:\d+: HTTP 401: .*check TOOLWRIGHT_STRONG_API_KEY \(or OPENAI_API_KEY\)/m,
    )
    expect(wrongKey.stderr).toMatch(/^Nothing is lost: mend it, then \.\/toolwright resume r-mendedrunn$/m)
    expect(wrongKey.stderr).not.toContain('not-the-key')

    const wrongModel = await shell.run(command, { environment: { TOOLWRIGHT_STRONG_MODEL: 'sim-huge' } })
    expect(wrongModel.code, wrongModel.stderr).toBe(5)
    expect(wrongModel.stderr).toMatch(
      /^the run has stopped: strong model sim-huge at .*HTTP 404: .*check TOOLWRIGHT_STRONG_MODEL and TOOLWRIGHT_STRONG_BASE_URL \(most end in \/v1\)$/m,
    )

    const mended = await shell.run(['resume', 'r-mendedrunn'])
    expect(mended.code, mended.stderr).toBe(0)
    const lines = readOutput(readFileSync(join(shell.folder, 'mended.jsonl'), 'utf8'))
    expect(seqsOf(lines)).toEqual(Array.from({ length: 12 }, (_, at) => at))
    expect(shell.left()).toEqual([])
  },
)

test('an endpoint that is not there is named while the run waits for it, and Ctrl-C ends that', { timeout: 120_000 }, async () => {
  const url = `http://127.0.0.1:${await freePort()}/v1`
  const started = shell.start(['run', 'in.jsonl', '-o', 'away.jsonl'], { environment: { OPENAI_BASE_URL: url } })
  await until('the run says what it waits for', () => started.talk().includes('waiting for a model'), 90_000)
  expect(started.talk()).toMatch(
    /^waiting for a model: strong model sim-strong at 127\.0\.0\.1:\d+: it cannot be reached \(ECONNREFUSED\); check TOOLWRIGHT_STRONG_BASE_URL .*goes on by itself/m,
  )
  started.interrupt()
  expect(await started.ended).toMatchObject({ code: 130, stdout: '' })
  expect(shell.left()).toEqual([])
})

test('a Redis that may throw work away is refused, with the setting to change', { timeout: 120_000 }, async () => {
  // A Redis of its own: the private one that commands without REDIS_URL start, kept by a stage that runs on it.
  const server = shell.start(['worker', 'producer'], { environment: { REDIS_URL: '' } })
  try {
    const state = join(shell.folder, 'data/redis/state.json')
    await until('the private Redis runs', () => server.talk().includes('"serving"'), 90_000)
    const { port } = z.object({ port: z.int() }).parse(JSON.parse(readFileSync(state, 'utf8')))
    const url = `redis://:${readFileSync(join(shell.folder, 'data/redis/password'), 'utf8')}@127.0.0.1:${port}`
    const redis = connectRedis(url, { patient: false, name: 'tests' })
    try {
      await redis.config('SET', 'maxmemory-policy', 'allkeys-lru')
    } finally {
      redis.disconnect()
    }
    const refused = await shell.run(['run', 'in.jsonl'], { environment: { REDIS_URL: url } })
    expect(refused).toMatchObject({
      code: 5,
      stdout: '',
      stderr: expect.stringMatching(/evicts keys .*\(allkeys-lru\).*set maxmemory-policy to noeviction/),
    })
  } finally {
    server.interrupt()
  }
  expect((await server.ended).code).toBe(130)
  expect(shell.left()).toEqual([])
})

test('a run whose input is not there any more says what to give', { timeout: 60_000 }, async () => {
  const begun = async (run: string, input: string, host = hostname()) => {
    await pipeline.registry.runs.open(run, RunSettings.parse({ v: 1 }), input)
    await pipeline.registry.runs.saveFiles(run, input, { input, retries: null, output: null, errors: null, limit: null, host })
  }
  await begun('r-fromstdinn', '-')
  await begun('r-filemovedd', join(shell.folder, 'gone.jsonl'), 'elsewhere')
  await begun('r-isthefolde', join(shell.folder, 'folder'))
  await pipeline.registry.runs.open('r-olderrecor', RunSettings.parse({ v: 1 }), 'in.jsonl')
  const refusals: [string, RegExp][] = [
    [
      'r-fromstdinn',
      /run r-fromstdinn read its standard input, which is kept nowhere: give the same again, .* resume r-fromstdinn - < requests\.jsonl$/m,
    ],
    [
      'r-filemovedd',
      /run r-filemovedd reads .*gone\.jsonl on elsewhere, and there is no such file here: name it .* resume r-filemovedd FILE$/m,
    ],
    ['r-filemovedd nowhere.jsonl', /there is no file nowhere\.jsonl/],
    ['r-filemovedd in.jsonl -o in.jsonl', /in\.jsonl is the input itself/],
    ['r-isthefolde', /folder is a folder/],
    ['r-olderrecor', /run r-olderrecor was begun by an older version: go on with the same command and --run-id r-olderrecor$/m],
  ]
  await Promise.all(
    refusals.map(async ([words, says]) =>
      expect(await shell.run(['resume', ...words.split(' ')])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(says) }),
    ),
  )
})

/** A port of loopback that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = z.object({ port: z.int() }).parse(server.address())
  await new Promise((resolve) => server.close(resolve))
  return port
}
