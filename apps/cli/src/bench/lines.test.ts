import { expect, test } from 'vitest'
import { folderOf, sortOf } from './lines.ts'

test.each([
  ['apps/cli/src/main.ts', 'apps/cli', 'code'],
  ['apps/cli/src/main.test.ts', 'apps/cli', 'tests'],
  ['packages/answering/prompts/call.md', 'packages/answering', 'prompts'],
  ['tests/run.ts', 'tests', 'tests'],
  ['toolwright', '.', 'code'],
  ['README.md', '.', null],
  ['pnpm-lock.yaml', '.', null],
])('%s is counted for %s as %s', (path, folder, sort) => expect([folderOf(path), sortOf(path)]).toEqual([folder, sort]))
