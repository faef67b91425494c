import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { surroundingsThatStartNothing } from '../testing.ts'
import { resume } from './resume.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'toolwright-resume-'))
  mkdirSync(join(folder, 'home'))
})
afterAll(() => rmSync(folder, { recursive: true }))

test.each([
  [[], 'resume takes a run, such as r-abcdefghij'],
  [['r-abcdefghij', 'in.jsonl', 'more.jsonl'], 'resume takes a run, such as r-abcdefghij'],
  [['in.jsonl'], 'in.jsonl: a run id looks like r-abcdefghij'],
  [['r-abcdefghij', '--grace', '-1'], '--grace takes a whole number from 0 on'],
  [['r-abcdefghij', '--limit', '0'], '--limit takes a whole number from 1 on'],
  [['r-abcdefghij', '--ordered'], 'unknown flag --ordered'],
])('%j is a usage error, before anything is started', async (args, message) => {
  const attempt = resume.run(args, surroundingsThatStartNothing(folder, {}))
  await expect(attempt).rejects.toMatchObject({ message: expect.stringContaining(message), exitCode: 2 })
})
