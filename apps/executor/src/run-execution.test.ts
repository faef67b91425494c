import { afterAll, beforeAll, expect, expectTypeOf, test } from 'vitest'
import type * as contracts from '@toolwright/contracts'
import { ExecutionJob, ExecutionResult } from '@toolwright/contracts'
import { openSandbox, type Call, type Outcome, type Sandbox, type Surroundings } from '@toolwright/sandbox'
import { IMAGE_FOLDER } from '@toolwright/sandbox/testing'
import { runExecution } from './run-execution.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await openSandbox({ imageFolder: IMAGE_FOLDER, log: () => undefined })
}, 60_000)
afterAll(() => sandbox.close())

test('a job becomes a result that is valid where it is read', async () => {
  const job = ExecutionJob.parse({
    v: 1,
    source: 'def extract(text):\n    return {"word": text} if text else None\ndef solve(word):\n    print(word)\n    return word[::-1]',
    calls: [{ text: 'abc', solve: true }, { text: '', solve: false }, { arguments: '{"word": "xyz"}' }, { arguments: '{"word": 7}' }],
    timeoutMs: 1_000,
    surroundings: 'first',
    resetEachCall: false,
  })
  const result = await runExecution(job, { sandbox })
  expect(ExecutionResult.parse(result)).toEqual(result)
  expect(result.outcomes.map((outcome) => outcome.status)).toEqual(['ok', 'refused', 'ok', 'raised'])
  expect(result.outcomes[0]).toEqual({ status: 'ok', result: 'cba', arguments: '{"word": "abc"}', stdout: 'abc\n', stderr: '' })
})

test('the sandbox speaks the types of the contracts, though it does not know them', () => {
  expectTypeOf<Call>().toEqualTypeOf<contracts.Call>()
  expectTypeOf<Outcome>().toEqualTypeOf<contracts.Outcome>()
  expectTypeOf<Surroundings>().toEqualTypeOf<contracts.Surroundings>()
})
