import { describe, expect, test } from 'vitest'
import { normaliseSchema } from './parameter-schema.ts'

function object(properties: object, more: object = {}): object {
  return { type: 'object', properties, ...more }
}

describe('normalising a proposed schema', () => {
  test('requires every property, closes every object, and drops bounds that providers refuse', () => {
    const proposed = object(
      {
        words: { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 2, description: 'The words' },
        count: { type: 'integer', minimum: 1, default: 3 },
        unit: { type: ['string', 'null'], enum: ['m', 'km', null] },
        rows: { type: 'array', items: object({ name: { type: 'string', pattern: '^a' } }) },
      },
      { $schema: 'https://json-schema.org/draft/2020-12/schema', title: 'Arguments', required: ['words'], additionalProperties: true },
    )
    expect(normaliseSchema(proposed)).toEqual({
      ok: true,
      parameters: ['words', 'count', 'unit', 'rows'],
      schema: {
        type: 'object',
        properties: {
          words: { type: 'array', items: { type: 'string' }, description: 'The words' },
          count: { type: 'integer' },
          unit: { type: ['string', 'null'], enum: ['m', 'km', null] },
          rows: {
            type: 'array',
            items: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'], additionalProperties: false },
          },
        },
        required: ['words', 'count', 'unit', 'rows'],
        additionalProperties: false,
      },
    })
  })

  test('leaves what it was given as it was, and its own result as it is', () => {
    const proposed = Object.freeze(object({ count: Object.freeze({ type: 'integer', minimum: 1 }) }))
    const once = normaliseSchema(proposed)
    if (!once.ok) throw new Error(once.problem)
    expect(normaliseSchema(once.schema)).toEqual(once)
  })

  test.each([
    ['no schema', 'text', 'the schema is not an object'],
    ['a list', { type: 'array', items: { type: 'string' } }, 'the schema must be of type object'],
    ['no type', { properties: {} }, 'the schema needs one plain type'],
    ['two types', object({ a: { type: ['string', 'integer'] } }), 'the schema, property a, needs one plain type'],
    ['null alone', object({ a: { type: 'null' } }), 'needs one plain type'],
    ['a union', object({ a: { anyOf: [{ type: 'string' }], type: 'string' } }), 'the schema, property a, uses anyOf'],
    ['a reference', object({ a: { $ref: '#/x', type: 'string' } }), 'uses $ref'],
    ['an open map', object({ a: { type: 'object', additionalProperties: { type: 'string' } } }), 'is an open map'],
    ['a map beside properties', object({ a: object({}, { additionalProperties: { type: 'string' } }) }), 'is an open map'],
    ['a list of anything', object({ a: { type: 'array' } }), 'the items of the schema, property a, is not an object'],
    ['no parameter', object({}), 'the schema has no properties'],
    ['a name that Python cannot have', object({ 'first word': { type: 'string' } }), '"first word" cannot be the name'],
  ])('tells the tool maker of %s', (_what, proposed, problem) => {
    const normal = normaliseSchema(proposed)
    expect(normal.ok ? 'no problem' : normal.problem).toContain(problem)
  })

  test('refuses nesting without end', () => {
    let schema: object = { type: 'string' }
    for (let depth = 0; depth < 10; depth++) schema = object({ a: schema })
    const normal = normaliseSchema(schema)
    expect(normal.ok ? 'no problem' : normal.problem).toContain('is nested too deeply')
  })

  test('tells three problems at most', () => {
    const properties = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [name, { type: 'text' }]))
    const normal = normaliseSchema(object(properties))
    expect(normal.ok ? [] : normal.problem.split('; ')).toHaveLength(3)
  })
})
