import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { surroundingsThatStartNothing } from '../testing.ts'
import { report } from './report.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'toolwright-report-verb-'))
  mkdirSync(join(folder, 'home'))
})
afterAll(() => rmSync(folder, { recursive: true }))

test.each([
  [[], 'report takes one run, such as r-abcdefghij'],
  [['in.jsonl', '-o', 'x.html'], 'in.jsonl: a run id looks like r-abcdefghij'],
  [['r-abcdefghij'], './toolwright report r-abcdefghij -o report.html'],
  [['r-abcdefghij', '-o', tmpdir()], 'is a folder: give a file in it'],
  [['r-abcdefghij', '-o', '/nowhere/x.html'], 'there is no folder /nowhere'],
  [['r-abcdefghij', '--out', 'x.html'], 'unknown flag --out'],
])('%j is a usage error, before anything is started', async (args, message) => {
  const attempt = report.run(args, surroundingsThatStartNothing(folder, {}))
  await expect(attempt).rejects.toMatchObject({ message: expect.stringContaining(message), exitCode: 2 })
})
