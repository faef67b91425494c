import { kindIdOf, type Tool } from '@toolwright/contracts'
import { connectRedis, keyPrefixes, type RedisConnection } from '@toolwright/queues'
import { openAdministration, openRegistry, type Kind } from '@toolwright/registry'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { readToolFolders, writeToolFolder } from './tool-folder.ts'

const SOURCE = 'def solve(words):\n    return " ".join(sorted(words))\n\n\ndef extract(text):\n    return {"words": text.split()}  # ü\n'
const id = kindIdOf('sort words', 'test')

const kind: Kind = {
  id,
  label: 'Sort these words: oven pear',
  name: '',
  frame: '',
  state: 'tooled',
  version: 2,
  versions: 2,
  generation: 3,
  seen: 40,
  started: 0,
  allowed: 10,
  cooldownUntil: 0,
  failures: 0,
  alias: '',
  reason: '',
  rev: 5,
  reading: {
    templates: [{ tokens: ['Sort', 'these', 'words', ':', null], lines: 9 }],
    pending: ['Please sort: a b'],
    samples: ['Sort these words: oven pear'],
    members: 11,
    vocabulary: { tokens: ['quince'], steadyLines: 0 },
    origins: {},
  },
}

const tool: Tool = {
  v: 1,
  kind: id,
  version: 2,
  sha256: createHash('sha256').update(SOURCE).digest('hex'),
  source: SOURCE,
  schema: {
    type: 'object',
    properties: { words: { type: 'array', items: { type: 'string' } } },
    required: ['words'],
    additionalProperties: false,
  },
  tiers: { extracted: true, called: true },
  verbatim: ['words'],
  usage: [{ text: 'Sort these words: oven pear', arguments: '{"words":["oven","pear"]}', run: 'r-aaaaaaaaaa' }],
  runs: ['r-aaaaaaaaaa'],
  evidence: {
    proposedFrom: 3,
    heldBack: 3,
    extractedRight: 3,
    calledRight: 3,
    foreignTexts: 2,
    foreignAccepted: 0,
    mutants: 12,
    mutantsSurvived: 1,
    candidates: 1,
    repairs: 0,
  },
  model: 'sim-strong',
  generation: 2,
  costNano: 12_345,
  at: 1_790_000_000_000,
}

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'toolwright-export-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const url = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6390'
const space = `cli-${randomBytes(6).toString('hex')}`
const prefixes = keyPrefixes('test', space)
let redis: RedisConnection
beforeAll(() => {
  redis = connectRedis(url, { patient: false })
})
afterAll(async () => {
  await openAdministration({ redis, keyPrefix: prefixes.registry }).forgetKeys(`{test:${space}}:`)
  redis.disconnect()
})

test('no text of a request leaves the registry unless asked for', () => {
  const path = writeToolFolder(folder, kind, tool, { withExamples: false })
  const text = readFileSync(join(path, 'tool.json'), 'utf8')
  expect(text).not.toContain('oven')
  expect(text).not.toContain('Please')
  expect(text).not.toContain('quince')
  expect(text).toContain('"Sort these words :",\n')
  expect(readFileSync(join(path, 'source.py'), 'utf8')).toBe(SOURCE)
  writeToolFolder(folder, kind, tool, { withExamples: true })
  expect(readFileSync(join(path, 'tool.json'), 'utf8')).toContain('oven')
})

test('what was exported is read back', () => {
  writeToolFolder(folder, kind, tool, { withExamples: true })
  const [read, ...others] = readToolFolders(folder)
  expect(others).toEqual([])
  const { version: _, ...without } = tool
  // Which runs it was made from is known only where they ran.
  const usage = tool.usage.map((one) => ({ ...one, run: '' }))
  expect(read?.tool).toEqual({ ...without, generation: 1, usage, runs: [] })
  expect(read?.kind.reading.templates).toEqual(kind.reading.templates)
  expect(read?.kind.reading.samples).toEqual(kind.reading.samples)
  expect(read?.kind.reading.vocabulary).toEqual(kind.reading.vocabulary)
})

test.each([
  [
    'a changed source',
    (path: string) => writeFileSync(join(path, 'source.py'), `${SOURCE}\n`),
    'source.py is not the source that was verified',
  ],
  ['a missing source', (path: string) => rmSync(join(path, 'source.py')), 'source.py cannot be read'],
  ['no JSON', (path: string) => writeFileSync(join(path, 'tool.json'), '{'), 'tool.json is not JSON'],
  ['an unknown field', (path: string) => edit(path, { more: 1 }), 'tool.json is not right: the file: Unrecognized key: "more"'],
  ['a wrong id', (path: string) => edit(path, { kind: { id: 'x' } }), 'tool.json is not right: kind.id: a kind id looks like'],
])('%s is refused, with the file and the reason', (_, spoil, message) => {
  spoil(writeToolFolder(folder, kind, tool, { withExamples: false }))
  expect(() => readToolFolders(folder)).toThrow(expect.objectContaining({ message: expect.stringContaining(message), exitCode: 2 }))
})

test('a folder without tools is a usage error', () => {
  expect(() => readToolFolders(folder)).toThrow(`there are no tools in ${folder}`)
  expect(() => readToolFolders(join(folder, 'nowhere'))).toThrow('there is no folder')
})

test('an imported tool serves a space that never saw its kind, once, and can be exported again', async () => {
  writeToolFolder(folder, kind, tool, { withExamples: true })
  const [read] = readToolFolders(folder)
  const administration = openAdministration({ redis, keyPrefix: prefixes.registry })
  const registry = openRegistry({ redis, keyPrefix: prefixes.registry })
  expect(await administration.importTool(read!.kind, read!.tool)).toEqual({ version: 1, isNew: true })
  expect(await administration.importTool(read!.kind, read!.tool)).toEqual({ version: 1, isNew: false })
  const there = await registry.kinds.get(id)
  expect(there).toMatchObject({ state: 'tooled', version: 1, versions: 1, allowed: 10, generation: 1, alias: '' })
  expect(there?.reading.templates).toEqual(kind.reading.templates)
  const [published] = await registry.tools.versions(id)
  expect(published).toMatchObject({ kind: id, version: 1, source: SOURCE, sha256: tool.sha256 })
  const again = join(folder, 'again')
  writeToolFolder(again, there!, published!, { withExamples: true })
  expect(existsSync(join(again, id, 'source.py'))).toBe(true)
  expect(readToolFolders(again)[0]?.tool).toEqual(read!.tool)
})

test('another source becomes the next version; the earlier one can be pointed at again', async () => {
  const administration = openAdministration({ redis, keyPrefix: prefixes.registry })
  const registry = openRegistry({ redis, keyPrefix: prefixes.registry })
  const other = kindIdOf('another', 'test')
  const { version: _, ...first } = { ...tool, kind: other }
  const imported = { id: other, name: 'another', label: 'another', frame: '', reading: kind.reading }
  await administration.importTool(imported, first)
  const source = `${SOURCE}# changed\n`
  const second = { ...first, source, sha256: createHash('sha256').update(source).digest('hex') }
  expect(await administration.importTool(imported, second)).toEqual({ version: 2, isNew: true })
  expect(await registry.kinds.get(other)).toMatchObject({ version: 2, versions: 2 })
  await registry.kinds.point(other, 1, 'rolled back by hand')
  expect(await registry.kinds.get(other)).toMatchObject({ version: 1, versions: 2, state: 'tooled' })
  expect(await administration.importTool(imported, second)).toEqual({ version: 2, isNew: false })
  expect(await registry.kinds.get(other)).toMatchObject({ version: 2, versions: 2 })
})

function edit(path: string, changes: { kind?: object; more?: number }): void {
  const file = join(path, 'tool.json')
  const content = JSON.parse(readFileSync(file, 'utf8'))
  writeFileSync(file, JSON.stringify({ ...content, ...changes, kind: { ...content.kind, ...changes.kind } }))
}
