import { families } from '@toolwright/families'
import { expect, test } from 'vitest'
import { createToolbox } from './toolbox.ts'

const toolable = families.filter((family) => family.group !== 'untoolable')

test.each(toolable.map((family) => [family.name, family.wordings] as const))('%s has its Python for every wording', (name, wordings) => {
  const all = Array.from({ length: wordings }, (_, wording) => wording)
  const { source, schema, parameters } = createToolbox().toolFor(name, all)
  expect(JSON.parse(schema)).toMatchObject({ type: 'object', required: parameters, additionalProperties: false })
  expect(source).toMatch(/^def solve\(/m)
  for (const wording of all) expect(source).toContain(`def extract_${wording}(`)
  expect(source).toContain(`for read in (${all.map((wording) => `extract_${wording}`).join(', ')},):`)
})

test('only the wordings that were shown are read', () => {
  const { source } = createToolbox().toolFor('word-sorting', [1])
  expect(source).toContain('def extract_1(')
  expect(source).not.toContain('extract_0')
})
