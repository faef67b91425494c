import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { surroundingsThatStartNothing } from '../testing.ts'
import { run } from './run.ts'

let folder: string
let input: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'toolwright-run-'))
  mkdirSync(join(folder, 'home'))
  input = join(folder, 'in.jsonl')
  writeFileSync(input, '{"input": "hello"}\n')
  writeFileSync(join(folder, 'empty.jsonl'), '')
})
afterAll(() => rmSync(folder, { recursive: true }))

const surroundingsWith = (inherited: Record<string, string>) => surroundingsThatStartNothing(folder, inherited)

test.each([
  [[], 'run needs the file with the requests'],
  [['IN', 'IN'], 'run takes one file'],
  [['nowhere.jsonl'], 'there is no file nowhere.jsonl'],
  [['FOLDER'], 'is a folder: give the file with the requests'],
  [['FOLDER/empty.jsonl'], 'empty.jsonl is empty: each line is a request'],
  [['IN', '-o', 'FOLDER/no/out.jsonl'], 'there is no folder'],
  [['IN', '-o', 'FOLDER'], 'is a folder: give a file in it'],
  [['IN', '-o', 'IN'], 'is the input itself'],
  [['IN', '--errors', 'IN'], 'is the input itself'],
  [['IN', '--run-id', 'mine'], 'a run id looks like r-abcdefghij'],
  [['IN', '--limit', '0'], '--limit takes a whole number from 1 on'],
  [['IN', '--while-making', 'pray'], '--while-making takes wait or direct, not "pray"'],
  [['IN', '--make', 'never'], '--make takes worth or eager'],
])('%j is a usage error, before anything is started', async (words, message) => {
  const args = words.map((word) => word.replace('IN', input).replace('FOLDER', folder))
  await expect(run.run(args, surroundingsWith({}))).rejects.toMatchObject({ message: expect.stringContaining(message), exitCode: 2 })
})

test('without models nothing is started, and the demo is named', async () => {
  const attempt = run.run([input], surroundingsWith({}))
  await expect(attempt).rejects.toMatchObject({
    message: expect.stringMatching(/TOOLWRIGHT_STRONG_MODEL.*OPENAI_API_KEY[^]*toolwright demo/),
    exitCode: 5,
  })
})

test('with half of the models set, what is missing is named', async () => {
  const attempt = run.run([input], surroundingsWith({ OPENAI_API_KEY: 'k', TOOLWRIGHT_STRONG_MODEL: 'big' }))
  await expect(attempt).rejects.toMatchObject({ message: expect.stringContaining('TOOLWRIGHT_LIGHT_MODEL is not set'), exitCode: 5 })
})
