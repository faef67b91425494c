import type { ParameterSchema } from '@toolwright/contracts'
import { z } from 'zod'

export type NormalisedSchema = { ok: true; schema: ParameterSchema; parameters: string[] } | { ok: false; problem: string }

const TYPES = new Set(['string', 'integer', 'number', 'boolean', 'array', 'object', 'null'])
const REFUSED = ['$ref', 'anyOf', 'oneOf', 'allOf', 'not', 'if', 'patternProperties', 'propertyNames', '$defs', 'definitions']
/** Bounds and formats that some providers refuse in strict structured output; `extract` and `solve` check the data themselves. */
const DROPPED = new Set([
  'default',
  'pattern',
  'format',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'examples',
  '$schema',
  'title',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
])
const MAX_DEPTH = 8

/**
 * A proposed schema of parameters, brought within what providers accept for strict structured output: an object at the root, every property required, no open
 * maps, no unions. What can be mended without changing what the schema means is mended; the rest is a problem to tell the tool maker.
 */
export function normaliseSchema(schema: unknown): NormalisedSchema {
  const problems: string[] = []
  const normal = normalise(schema, 'the schema', 0, problems)
  if (problems.length > 0) return { ok: false, problem: problems.slice(0, 3).join('; ') }
  if (normal['type'] !== 'object') return { ok: false, problem: 'the schema must be of type object' }
  const parameters = Object.keys(normal['properties'] as object)
  if (parameters.length === 0)
    return { ok: false, problem: 'the schema has no properties: every piece of data that differs from request to request is one' }
  const bad = parameters.find((name) => !/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name))
  if (bad !== undefined) return { ok: false, problem: `the property ${JSON.stringify(bad)} cannot be the name of a Python parameter` }
  try {
    z.fromJSONSchema(normal)
  } catch (error) {
    return { ok: false, problem: `the schema cannot be read: ${error instanceof Error ? error.message : String(error)}` }
  }
  return { ok: true, schema: normal, parameters }
}

function normalise(schema: unknown, where: string, depth: number, problems: string[]): Record<string, unknown> {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    problems.push(`${where} is not an object`)
    return {}
  }
  if (depth > MAX_DEPTH) {
    problems.push(`${where} is nested too deeply`)
    return {}
  }
  const source: Record<string, unknown> = { ...schema }
  const refused = REFUSED.find((word) => word in source)
  if (refused !== undefined) problems.push(`${where} uses ${refused}`)
  const type = source['type']
  const types = Array.isArray(type) ? (type as unknown[]) : [type]
  const isKnown = types.every((one) => typeof one === 'string' && TYPES.has(one)) && types.filter((one) => one !== 'null').length === 1
  if (!isKnown) {
    problems.push(`${where} needs one plain type`)
    return {}
  }
  const normal: Record<string, unknown> = {}
  for (const [word, value] of Object.entries(source)) if (!DROPPED.has(word)) normal[word] = value
  if (types.includes('object')) {
    const properties = source['properties']
    if (
      typeof properties !== 'object' ||
      properties === null ||
      (typeof source['additionalProperties'] === 'object' && source['additionalProperties'] !== null)
    ) {
      problems.push(`${where} is an open map: name its properties, or use a list of objects`)
      return {}
    }
    normal['properties'] = Object.fromEntries(
      Object.entries(properties).map(([name, value]) => [name, normalise(value, `${where}, property ${name},`, depth + 1, problems)]),
    )
    normal['required'] = Object.keys(properties)
    normal['additionalProperties'] = false
  }
  if (types.includes('array')) normal['items'] = normalise(source['items'], `the items of ${where}`, depth + 1, problems)
  return normal
}
