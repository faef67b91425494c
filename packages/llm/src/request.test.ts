import { expect, test } from 'vitest'
import { FULL_DIALECT } from './dialect.ts'
import { loadPrompt } from './prompt.ts'
import { type ModelCall, requestBody } from './request.ts'

const prompts = {
  object: loadPrompt(new URL('../prompts/json-object.md', import.meta.url)),
  fenced: loadPrompt(new URL('../prompts/json-fenced.md', import.meta.url)),
}
const call: ModelCall = {
  messages: [
    { role: 'system', content: 'You sort requests by what they ask for.' },
    { role: 'user', content: 'Sort: pear fig' },
  ],
  maxTokens: 256,
  schema: {
    name: 'group',
    schema: { type: 'object', properties: { group: { type: 'integer' } }, required: ['group'], additionalProperties: false },
  },
}

/** The messages as they are sent, for people. */
function shown(body: Record<string, unknown>): string {
  return (body['messages'] as ModelCall['messages']).map(({ role, content }) => `--- ${role}\n${content}\n`).join('\n')
}

test.each([
  ['json-object', 'json_object'],
  ['json-fenced', 'text'],
] as const)('prompts/%s.md tells the schema behind the system message', async (name, replyForm) => {
  const body = requestBody('m', call, { ...FULL_DIALECT, replyForm }, prompts)
  await expect(shown(body)).toMatchFileSnapshot(`../prompts/rendered/${name}.md`)
})

test('an endpoint with structured output is told nothing of it', () => {
  expect(requestBody('m', call, FULL_DIALECT, prompts)['messages']).toEqual(call.messages)
})

test('without a system message it becomes one', async () => {
  const body = requestBody('m', { ...call, messages: call.messages.slice(1) }, { ...FULL_DIALECT, replyForm: 'text' }, prompts)
  expect(body['messages']).toEqual([{ role: 'system', content: expect.stringContaining('"group"') }, call.messages[1]])
})
