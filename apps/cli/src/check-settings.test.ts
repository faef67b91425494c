import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkSettings } from './check-settings.ts'
import { surroundingsThatStartNothing } from './testing.ts'
import { run } from './verbs/run.ts'
import { up } from './verbs/up.ts'
import { worker } from './verbs/worker.ts'

const MODELS = { OPENAI_API_KEY: 'k', TOOLWRIGHT_STRONG_MODEL: 'big', TOOLWRIGHT_LIGHT_MODEL: 'small' }

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'toolwright-settings-'))
  mkdirSync(join(folder, 'home'))
  writeFileSync(join(folder, 'tiers.json'), '{"version": "1", "tiers": {"flex": "0.5", "batch": "0.5"}}')
  writeFileSync(join(folder, 'in.jsonl'), '{"input": "hello"}\n')
  writeFileSync(join(folder, 'prices.json'), '{"version": "1", "models": {"big": {"input_mtok": "cheap", "output_mtok": 1}}}')
})
afterAll(() => rmSync(folder, { recursive: true }))

describe.each([
  ['run', run, ['in.jsonl']],
  ['up', up, []],
  ['worker', worker, ['maker', '--count', '2']],
] as const)('%s starts nothing', (_, verb, args) => {
  const attempt = (inherited: Record<string, string>) =>
    verb.run(
      args.map((word) => word.replace('in.jsonl', join(folder, 'in.jsonl'))),
      surroundingsThatStartNothing(folder, inherited),
    )

  test.each([
    ['nowhere.json', /nowhere\.json.*ENOENT.*TOOLWRIGHT_PRICES/],
    ['prices.json', /prices\.json.*models\.big\.input_mtok.*"cheap".*TOOLWRIGHT_PRICES/],
  ])('with a price file that cannot be used, and names it: %s', async (name, message) => {
    await expect(attempt({ ...MODELS, TOOLWRIGHT_PRICES: join(folder, name) })).rejects.toMatchObject({
      message: expect.stringMatching(message),
      exitCode: 5,
    })
  })

  test('with a price tier that the file does not have, and names those it has', async () => {
    const prices = { TOOLWRIGHT_PRICES: join(folder, 'tiers.json'), TOOLWRIGHT_LIGHT_PRICE_TIER: 'flexx' }
    await expect(attempt({ ...MODELS, ...prices })).rejects.toMatchObject({
      message: expect.stringMatching(/tiers\.json has no tier "flexx": it has batch, flex; correct TOOLWRIGHT_PRICE_TIER/),
      exitCode: 5,
    })
  })

  test('without models, and names the demo', async () => {
    await expect(attempt({})).rejects.toMatchObject({
      message: expect.stringMatching(/TOOLWRIGHT_STRONG_MODEL[^]*toolwright demo/),
      exitCode: 5,
    })
  })

  test('with one port for several processes', async () => {
    await expect(attempt({ ...MODELS, TOOLWRIGHT_METRICS_PORT: '9464' })).rejects.toMatchObject({
      message: expect.stringMatching(/TOOLWRIGHT_METRICS_PORT is 9464, and \d processes cannot share a port: unset it/),
      exitCode: 5,
    })
  })
})

test('an exporter without metrics is refused, and up starts none', async () => {
  expect(() => checkSettings('worker', ['exporter'], { TOOLWRIGHT_METRICS: 'off' })).toThrow(/TOOLWRIGHT_METRICS is off, and an exporter/)
  const inherited = { ...MODELS, TOOLWRIGHT_METRICS: 'off', TOOLWRIGHT_METRICS_PORT: '9464' }
  await expect(up.run([], surroundingsThatStartNothing(folder, inherited))).rejects.toThrow(/9464, and 4 processes/)
  await expect(up.run(['--exporter', '1'], surroundingsThatStartNothing(folder, inherited))).rejects.toThrow(/an exporter does nothing/)
})

test.each([
  ['worker', ['executor'], '9464'],
  ['up', ['producer', 'executor', 'exporter'], '0'],
  ['run', [], '9464'],
] as const)('one process may have a port, and stages that call no model need none: %s %j', (verb, stages, port) => {
  expect(() => checkSettings(verb, stages, { TOOLWRIGHT_METRICS_PORT: port })).not.toThrow()
})
