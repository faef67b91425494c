import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readResultLines } from './result-lines.ts'

const RUN = 'r-aaaaaaaaaa'
const MARK = {
  run: RUN,
  seq: 4,
  kind: 'k-sort-1a2b3c',
  kind_name: null,
  tier: 'called',
  tool: 'k-sort-1a2b3c',
  version: 2,
  decided_by: 'template',
  cost_usd: '0.000012345',
  baseline_usd: null,
  baseline_basis: 'unknown',
  correct: true,
}
const FAILED = { ...MARK, tier: null, tool: null, version: null, correct: null }
const ID = `${RUN}-4`

let path: string
beforeAll(() => {
  path = join(mkdtempSync(join(tmpdir(), 'toolwright-lines-')), 'results.jsonl')
})
afterAll(() => rmSync(join(path, '..'), { recursive: true }))

async function read(...lines: (Record<string, unknown> | string)[]) {
  writeFileSync(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'))
  return await Array.fromAsync(readResultLines(path, RUN))
}

function answered(body: Record<string, unknown>, mark: Record<string, unknown> = MARK) {
  return { id: ID, custom_id: 'one', response: { status_code: 200, request_id: ID, body }, error: null, toolwright: mark }
}

test('an answer keeps its tier, its exact cost and what is unknown of it', async () => {
  const [line] = await read(answered({ id: `chatcmpl-${ID}`, created: 1_795_289_154 }))
  expect(line).toEqual({
    customId: 'one',
    kind: 'k-sort-1a2b3c',
    tier: 'called',
    version: 2,
    costNano: 12_345,
    baselineNano: null,
    basis: 'unknown',
    isRight: true,
    isDuplicate: false,
    writtenAt: 1_795_289_154_000,
    failure: null,
  })
})

test("a provider's own completion does not say when the line was written", async () => {
  expect(await read(answered({ id: 'chatcmpl-xyz', created: 12 }), answered({}))).toMatchObject([{ writtenAt: null }, { writtenAt: null }])
})

test('a failed request has its cause, with the status that an endpoint gave', async () => {
  const refused = { error: { message: 'too long', type: 'invalid_request_error', param: null, code: 'context_length_exceeded' } }
  const response = { status_code: 400, request_id: ID, body: refused }
  const lines = await read(
    { id: ID, custom_id: 'one', response, error: null, toolwright: FAILED },
    { id: ID, custom_id: 'two', response: null, error: { code: 'bad_line', message: 'line 2 is no JSON' }, toolwright: FAILED },
  )
  expect(lines.map((line) => line?.failure)).toEqual([
    { cause: 'context_length_exceeded (400)', message: 'too long' },
    { cause: 'bad_line', message: 'line 2 is no JSON' },
  ])
})

test('copies are marked, lines of other runs passed over, and what is no result is told', async () => {
  const copy = answered({}, { ...MARK, duplicate_of: 'zero' })
  const lines = await read(copy, answered({}, { ...MARK, run: 'r-bbbbbbbbbb' }), '{"id":"torn', '[]')
  expect(lines).toMatchObject([{ isDuplicate: true }, null, null])
})
