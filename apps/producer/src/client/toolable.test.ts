import { expect, test } from 'vitest'
import { splitBody } from './toolable.ts'

const user = { role: 'user', content: 'sort b a' }
const system = { role: 'system', content: 'be brief' }

test('a lone user message is a text without a frame', () => {
  expect(splitBody({ model: 'm', messages: [user] })).toEqual({ isToolable: true, text: 'sort b a', frame: null })
})

test('text parts are joined by newlines', () => {
  const content = [
    { type: 'text', text: 'sort:' },
    { type: 'text', text: 'b a' },
  ]
  expect(splitBody({ messages: [{ role: 'user', content }] })).toMatchObject({ isToolable: true, text: 'sort:\nb a' })
})

test('earlier messages, response_format and stop are the frame', () => {
  const format = { type: 'json_schema', json_schema: { name: 'x', schema: {} } }
  const earlier = [system, { role: 'user', content: 'hi' }, { role: 'assistant', content: 'hello', refusal: null }]
  expect(splitBody({ messages: [...earlier, user], response_format: format, stop: ['\n'] })).toEqual({
    isToolable: true,
    text: 'sort b a',
    frame: { messages: earlier, response_format: format, stop: ['\n'] },
  })
  expect(splitBody({ messages: [user], stop: 'END' }).frame).toEqual({ messages: [], stop: 'END' })
  expect(splitBody({ messages: [user], response_format: { type: 'json_object' } }).frame).toEqual({
    messages: [],
    response_format: { type: 'json_object' },
  })
})

test.each([
  { temperature: 0.7, top_p: 0.9, seed: 3, max_tokens: 20, max_completion_tokens: 20 },
  { reasoning_effort: 'low', service_tier: 'flex', user: 'u', metadata: { a: 'b' }, store: true, verbosity: 'low' },
  { n: 1, stream: false, stream_options: null, logprobs: false, top_logprobs: 0, presence_penalty: 0, logit_bias: {} },
  { tools: [], tool_choice: 'none', functions: [], parallel_tool_calls: true, modalities: ['text'], audio: null },
  { response_format: { type: 'text' }, stop: [] },
])('changes nothing about what is asked: %j', (fields) => {
  expect(splitBody({ messages: [user], ...fields })).toEqual({ isToolable: true, text: 'sort b a', frame: null })
})

test.each([
  { n: 2 },
  { n: '1' },
  { tools: [{ type: 'function' }] },
  { functions: [{ name: 'f' }] },
  { tool_choice: 'required' },
  { stream: true },
  { logprobs: true },
  { top_logprobs: 3 },
  { audio: { voice: 'x' } },
  { modalities: ['text', 'audio'] },
  { prediction: { type: 'content', content: 'x' } },
  { web_search_options: { a: 1 } },
  { logit_bias: { 50256: -100 } },
  { presence_penalty: 0.5 },
  { temperature: 1.3 },
  { verbosity: 'high' },
  { response_format: { type: 'grammar' } },
  { response_format: 'json' },
  { stop: [1] },
  { something_new: true },
])('cannot go to a tool: %j', (fields) => {
  expect(splitBody({ messages: [system, user], ...fields })).toEqual({ isToolable: false, text: 'sort b a', frame: null })
})

test.each([
  [{ role: 'assistant', content: 'sure' }],
  [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }],
  [{ role: 'user', content: [] }],
  [{ role: 'user', content: ' ' }],
  [{ role: 'user', content: null }],
  [{ role: 'user', content: 'x', name: 'ann' }],
])('a last message that is more or less than a text cannot go to a tool: %j', (message) => {
  expect(splitBody({ messages: [system, message] }).isToolable).toBe(false)
})

test.each([
  { role: 'tool', content: 'x', tool_call_id: '1' },
  { role: 'assistant', content: 'x', tool_calls: [{ id: '1' }] },
  { role: 'assistant', content: null },
  { role: 'user', content: [{ type: 'input_audio', input_audio: {} }] },
])('an earlier message with more than text cannot go to a tool: %j', (message) => {
  expect(splitBody({ messages: [message, user] }).isToolable).toBe(false)
})
