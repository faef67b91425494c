import { describe, expect, test } from 'vitest'
import { readProposal } from './proposal.ts'

const SCHEMA = '```json\n{"type": "object", "properties": {"words": {"type": "array", "items": {"type": "string"}}}}\n```'
const SOURCE = 'def solve(words):\n    return " ".join(sorted(words))\n\n\ndef extract(text):\n    return None'
const PYTHON = `\`\`\`python\n${SOURCE}\n\`\`\``

function problemOf(reply: string): string {
  const proposal = readProposal(reply)
  return proposal.ok ? 'no problem' : proposal.problem
}

describe('reading a proposal', () => {
  test('gives the module as it was written, and the schema within what providers accept', () => {
    const proposal = readProposal(`The words are the data.\n\n${SCHEMA}\n\n${PYTHON}\n`)
    if (!proposal.ok) throw new Error(proposal.problem)
    expect(proposal.candidate.source.trimEnd()).toBe(SOURCE)
    expect(proposal.candidate.parameters).toEqual(['words'])
    expect(proposal.candidate.schema).toEqual({
      type: 'object',
      properties: { words: { type: 'array', items: { type: 'string' } } },
      required: ['words'],
      additionalProperties: false,
    })
  })

  test('takes the last blocks, whatever was tried before them', () => {
    const draft = '```python\ndef solve(a):\n    return a\n```'
    const proposal = readProposal(`${draft}\nOn second thoughts:\n${SCHEMA}\n${PYTHON}`)
    expect(proposal.ok ? proposal.candidate.source.trimEnd() : proposal.problem).toBe(SOURCE)
  })

  test.each([
    ['no code', SCHEMA, 'no fenced block marked python'],
    ['no schema', PYTHON, 'no fenced block marked json'],
    ['a block that is not marked', `${SCHEMA}\n\`\`\`\n${SOURCE}\n\`\`\``, 'no fenced block marked python'],
    ['no extract', `${SCHEMA}\n\`\`\`python\ndef solve(words):\n    return "a"\n\`\`\``, 'defines no function extract at its top level'],
    [
      'a solve inside a class',
      `${SCHEMA}\n\`\`\`python\nclass Tool:\n    def solve(self): ...\ndef extract(text): ...\n\`\`\``,
      'no function solve',
    ],
    ['a schema that is not JSON', `\`\`\`json\n{"type": object}\n\`\`\`\n${PYTHON}`, 'In the json block, there is no JSON'],
    ['a schema with a union', `\`\`\`json\n{"type": "object", "properties": {"a": {"anyOf": []}}}\n\`\`\`\n${PYTHON}`, 'uses anyOf'],
    ['a module without end', `${SCHEMA}\n\`\`\`python\n${SOURCE}\n# ${'x'.repeat(70_000)}\n\`\`\``, 'longer than 64000 bytes'],
  ])('tells the tool maker of %s', (_what, reply, problem) => {
    expect(problemOf(reply)).toContain(problem)
  })
})
