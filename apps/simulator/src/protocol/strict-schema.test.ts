import { expect, test } from 'vitest'
import { checkStrictSchema } from './strict-schema.ts'

const INSIDE = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false }

function holding(inside: unknown) {
  return { type: 'object', properties: { inside }, required: ['inside'], additionalProperties: false }
}

test.each([
  ['an object', INSIDE],
  ['objects inside', holding({ type: 'array', items: INSIDE })],
  ['a union inside', holding({ anyOf: [INSIDE, { type: 'null' }] })],
  ['definitions', { ...holding({ $ref: '#/$defs/a' }), $defs: { a: INSIDE } }],
  ['choices', holding({ type: ['string', 'null'], enum: ['x', null] })],
])('takes %s', (_, schema) => {
  expect(checkStrictSchema(schema)).toBeNull()
})

test.each([
  ['no schema', undefined, 'got \'type: "None"\''],
  ['a root that is no object', { type: 'array', items: INSIDE }, `got 'type: "array"'`],
  ['a root union', { ...INSIDE, anyOf: [INSIDE] }, "'anyOf' is not permitted at the root"],
  ['an optional property', holding({ ...INSIDE, required: [] }), "In context=('properties', 'inside'), 'required' is required"],
  ['an open object', holding({ type: 'object', properties: {} }), "'additionalProperties' is required to be supplied and to be false"],
  ['a map', holding({ type: 'object', additionalProperties: { type: 'string' } }), "'additionalProperties' is required"],
  ['a required name without property', { ...INSIDE, required: ['a', 'b'] }, "'required' has an extra key 'b'"],
  ['a list of anything', holding({ type: 'array' }), 'array schema missing items'],
  ['a property of no type', holding({ description: 'x' }), "schema must have a 'type' key"],
  ['oneOf', holding({ oneOf: [INSIDE] }), "'oneOf' is not permitted"],
  ['a fault in a union', holding({ anyOf: [{ ...INSIDE, required: [] }] }), "'anyOf', '0'"],
])('refuses %s', (_, schema, words) => {
  expect(checkStrictSchema(schema)).toContain(words)
})
