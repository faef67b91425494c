import { expect, test } from 'vitest'
import { OutputMark, outputLine } from './output-line.ts'

const common = {
  seq: 4,
  customId: 'a "quoted" id',
  kind: 'k-sort-0a1b2c',
  kindName: 'sort',
  decidedBy: 'template',
  costNano: 0,
  baseline: { costNano: 12_345, basis: 'measured' as const },
}
const answered = {
  ...common,
  status: 'answered' as const,
  tier: 'extracted' as const,
  tool: 'k-sort-0a1b2c@2',
  version: 2,
  model: 'toolwright/extracted',
  answer: 'a b\nc',
  completion: null,
  usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
  correct: true,
}

test("an extracted answer is a chat completion of nobody's model", () => {
  expect(outputLine(answered, 'r-abcdefghij', 1_790_000_000)).toEqual({
    id: 'r-abcdefghij-4',
    custom_id: 'a "quoted" id',
    response: {
      status_code: 200,
      request_id: 'r-abcdefghij-4',
      body: {
        id: 'chatcmpl-r-abcdefghij-4',
        object: 'chat.completion',
        created: 1_790_000_000,
        model: 'toolwright/extracted',
        choices: [{ index: 0, message: { role: 'assistant', content: 'a b\nc', refusal: null }, logprobs: null, finish_reason: 'stop' }],
        usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
      },
    },
    error: null,
    toolwright: {
      run: 'r-abcdefghij',
      seq: 4,
      kind: 'k-sort-0a1b2c',
      kind_name: 'sort',
      tier: 'extracted',
      tool: 'k-sort-0a1b2c@2',
      version: 2,
      decided_by: 'template',
      cost_usd: '0',
      baseline_usd: '0.000012345',
      baseline_basis: 'measured',
      correct: true,
    },
  })
})

test('a usage that nobody told is left out, not 0', () => {
  expect(outputLine({ ...answered, tier: 'direct', usage: null }, 'r-abcdefghij', 1).response?.body).not.toHaveProperty('usage')
})

test('a called answer names the light model and its tokens', () => {
  const usage = { prompt_tokens: 310, completion_tokens: 12, total_tokens: 322 }
  const line = outputLine({ ...answered, tier: 'called', model: 'light-1', usage, costNano: null }, 'r-abcdefghij', 1)
  expect(line.response?.body).toMatchObject({ model: 'light-1', usage })
  expect(line.toolwright).toMatchObject({ tier: 'called', cost_usd: null })
})

test('a completion of the provider is passed on as it came', () => {
  const completion = { id: 'x', model: 'strong-1', choices: [{}, {}], vendor: { field: 1 } }
  const direct = { ...answered, tier: 'direct' as const, tool: null, version: null, completion, correct: null }
  const line = outputLine(direct, 'r-abcdefghij', 1)
  expect(line.response?.body).toBe(completion)
  expect(line.toolwright).toMatchObject({ tool: null, version: null, correct: null })
})

test('a failed call has a response with the error in its body', () => {
  const failed = { ...common, status: 'failed' as const, statusCode: 429, error: { code: 'rate_limit_exceeded', message: 'slow down' } }
  expect(outputLine(failed, 'r-abcdefghij', 1)).toMatchObject({
    error: null,
    response: {
      status_code: 429,
      body: { error: { message: 'slow down', type: 'rate_limit_error', param: null, code: 'rate_limit_exceeded' } },
    },
    toolwright: { tier: null, tool: null, version: null, correct: null, seq: 4 },
  })
  expect(outputLine({ ...failed, statusCode: 200 }, 'r-abcdefghij', 1).response).toMatchObject({
    status_code: 502,
    body: { error: { type: 'server_error' } },
  })
})

test('a line that never reached a model has no response', () => {
  const error = { code: 'invalid_json_line', message: 'line 5 is not valid JSON' }
  const unknown = { costNano: null, basis: 'unknown' as const }
  const line = outputLine({ ...common, kind: null, status: 'failed', statusCode: 0, error, baseline: unknown }, 'r-abcdefghij', 1)
  expect(line).toMatchObject({ response: null, error, toolwright: { baseline_usd: null, baseline_basis: 'unknown' } })
  expect(OutputMark.parse(JSON.parse(JSON.stringify(line.toolwright)))).toEqual(line.toolwright)
})
