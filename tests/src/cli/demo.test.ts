import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openShell, type Shell } from './command.ts'
import { readOutput, seqsOf } from './results.ts'

let shell: Shell
beforeAll(() => {
  // What names another place must not matter: the demo has its own.
  shell = openShell({ REDIS_URL: 'redis://127.0.0.1:1', OPENAI_API_KEY: 'a real one', OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' })
})
afterAll(() => shell.close())

test(
  'the demo keeps what it promises, from an empty data folder to the last line, and leaves nothing running',
  { timeout: 600_000 },
  async () => {
    const { code, stdout, stderr } = await shell.run(['demo'])

    expect(code, `${stdout}\n${stderr}`).toBe(0)
    expect(stderr).toContain('The models of this demo are SIMULATED')
    expect(stderr.match(/^tool made: k-/gm)!.length).toBeGreaterThan(20)
    expect(stdout).toMatch(/^family +requests +tiers/m)
    expect(stdout).toMatch(/^all +3000 /m)
    expect(stdout.match(/^ok {4}/gm)).toHaveLength(5)
    expect(stdout).toContain('export OPENAI_API_KEY=…')
    const results = join(shell.folder, 'data/demo/results.jsonl')
    expect(stdout).toContain(`Results          ${results}`)
    expect(seqsOf(readOutput(readFileSync(results, 'utf8')))).toEqual(Array.from({ length: 3_000 }, (_, at) => at))
    expect(shell.left()).toEqual([])

    // What it made can be looked into afterwards, as it says itself.
    const source = /tools source (\S+) --demo/.exec(stdout)![1]!
    const [shown, listed, status] = await Promise.all([
      shell.run(['tools', 'source', source, '--demo']),
      shell.run(['tools', 'list', '--demo']),
      shell.run(['status', '--json', '--demo']),
    ])
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringMatching(/^def solve\(/m) })
    expect(listed).toMatchObject({ code: 0, stderr: expect.stringContaining('simulated models, at made-up prices') })
    expect(JSON.parse(status.stdout)).toMatchObject({ redis: { private: true }, runs: [{ state: 'done', read: 3_000 }] })
    expect(shell.left()).toEqual([])
  },
)
