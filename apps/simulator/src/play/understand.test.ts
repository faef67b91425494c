import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createUnderstand, type Turn } from './understand.ts'

const understand = createUnderstand()

function prompt(path: string, values: Record<string, string> = {}): Turn[] {
  const text = readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8')
  const rendered = Object.entries(values).reduce((sum, [name, value]) => sum.replace(`{{${name}}}`, () => value), text)
  const [system = '', user] = rendered.split('<!-- user -->')
  return [{ role: 'system', text: system.trim() }, ...(user === undefined ? [] : [{ role: 'user', text: user.trim() }])]
}

const SCHEMA = {
  type: 'object',
  properties: { words: { type: 'array', items: { type: 'string' } } },
  required: ['words'],
  additionalProperties: false,
}
const EXAMPLES = `# Example 1

Request:
<request>
Sort: b a
</request>

Answer:
<answer>
a b
</answer>

# Example 2

Request:
<request>
Sort: d
c
</request>`

describe('reads the pipeline’s own prompts', () => {
  test('answer', () => {
    expect(understand(prompt('packages/answering/prompts/answer.md', { request: 'Sort: b a' }))).toEqual({
      asked: 'answer',
      text: 'Sort: b a',
    })
  })

  test('judge', () => {
    const groups =
      '# Group 1\n\n<request>\nSort: b a\n</request>\n\n<request>\nSort: d c\n</request>\n\n# Group 2\n\n<request>\nAdd 1 and 2\n</request>'
    expect(understand(prompt('packages/answering/prompts/judge.md', { groups, request: 'Sort: f e' }))).toEqual({
      asked: 'judge',
      groups: [
        { number: 1, texts: ['Sort: b a', 'Sort: d c'] },
        { number: 2, texts: ['Add 1 and 2'] },
      ],
      text: 'Sort: f e',
    })
  })

  test('call and call again', () => {
    const usage = '<request>\nSort: b a\n</request>\n{"applies": true, "arguments": {"words": ["b", "a"]}}'
    const call = prompt('packages/answering/prompts/call.md', { schema: JSON.stringify(SCHEMA, null, 2), usage, request: 'Sort: f e' })
    expect(understand(call)).toEqual({ asked: 'call', text: 'Sort: f e', schema: SCHEMA, usage: ['Sort: b a'] })
    const [again] = prompt('packages/answering/prompts/call-again.md', { problem: 'no such word' })
    const turns = [...call, { role: 'assistant', text: '{}' }, { role: 'user', text: again?.text ?? '' }]
    expect(understand(turns)).toMatchObject({ asked: 'call-again', text: 'Sort: f e' })
  })

  test('propose and repair', () => {
    const propose = prompt('apps/maker/prompts/propose.md', { examples: EXAMPLES })
    const examples = [
      { text: 'Sort: b a', answer: 'a b' },
      { text: 'Sort: d\nc', answer: null },
    ]
    expect(understand(propose)).toMatchObject({ asked: 'propose', examples })
    const [repair] = prompt('apps/maker/prompts/repair.md', { problems: 'Request:\n<request>Sort: z y</request>\nYour tool: None' })
    const turns = [...propose, { role: 'assistant', text: '```python\n```' }, { role: 'user', text: repair?.text ?? '' }]
    expect(understand(turns)).toMatchObject({ asked: 'repair', examples })
  })
})

describe('reads other wordings of them', () => {
  test('a terse judge', () => {
    const turns = [
      { role: 'system', text: 'Which group of requests fits the last one? JSON: {"group": number or 0}' },
      { role: 'user', text: 'Group 7:\n<request>a</request>\n\nThe one to place:\n<request>b</request>' },
    ]
    expect(understand(turns)).toEqual({ asked: 'judge', groups: [{ number: 7, texts: ['a'] }], text: 'b' })
  })

  test('a call whose schema stands after an example object', () => {
    const turns = [
      { role: 'developer', text: `Reply {"applies": false, "arguments": null} or with arguments. Parameters: ${JSON.stringify(SCHEMA)}` },
      { role: 'user', text: 'Sort: {x} "y' },
    ]
    expect(understand(turns)).toEqual({ asked: 'call', text: 'Sort: {x} "y', schema: SCHEMA, usage: [] })
  })

  test('a proposal in other words', () => {
    const turns = [
      { role: 'system', text: 'Write a Python module with `solve` and `extract`.' },
      { role: 'user', text: '<request>a</request> gives <answer>b</answer>' },
    ]
    expect(understand(turns)).toMatchObject({ asked: 'propose', examples: [{ text: 'a', answer: 'b' }] })
  })
})

test('takes everything else for a request to answer, the last user message as it stands', () => {
  const turns = [
    { role: 'system', text: 'Write good Python.' },
    { role: 'user', text: 'first' },
    { role: 'assistant', text: 'reply' },
    { role: 'user', text: '  last\n' },
  ]
  expect(understand(turns)).toEqual({ asked: 'answer', text: '  last\n' })
})
