import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { lockWithin, tryOwnFile, tryShareFile } from './file-lock.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'toolwright-locks-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

test('many share a file, one alone owns it', () => {
  const path = join(folder, 'shared.lock')
  const [one, two] = [tryShareFile(path), tryShareFile(path)]
  expect(one && two).not.toBeNull()
  expect(tryOwnFile(path)).toBeNull()
  one?.release()
  expect(tryOwnFile(path)).toBeNull()
  two?.release()
  const owner = tryOwnFile(path)
  expect(owner).not.toBeNull()
  expect(tryShareFile(path)).toBeNull()
  expect(tryOwnFile(path)).toBeNull()
  owner?.release()
  expect(statSync(path).size).toBe(0)
})

test('a lock ends with the process that holds it, even when that is killed', async () => {
  const path = join(folder, 'killed.lock')
  const holder = spawn(process.execPath, [
    '--input-type=module',
    '--eval',
    `import { tryShareFile } from ${JSON.stringify(join(import.meta.dirname, 'file-lock.ts'))}
     globalThis.lock = tryShareFile(${JSON.stringify(path)})
     console.log('held')
     setInterval(() => {}, 1000)`,
  ])
  await new Promise((resolve) => holder.stdout.once('data', resolve))
  expect(tryOwnFile(path)).toBeNull()
  expect(await lockWithin(() => tryOwnFile(path), 60)).toBeNull()
  holder.kill('SIGKILL')
  const owner = await lockWithin(() => tryOwnFile(path), 5_000)
  expect(owner).not.toBeNull()
  owner?.release()
})

test('a file that cannot be a lock is an error, not a held lock', () => {
  expect(() => tryOwnFile(join(folder, 'missing', 'x.lock'))).toThrow('cannot lock')
})
