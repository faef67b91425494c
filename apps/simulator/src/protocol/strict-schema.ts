import { isObject } from '@toolwright/contracts'
/** Keywords that strict structured output does not take anywhere. */
const FORBIDDEN = ['allOf', 'oneOf', 'not', 'if', 'then', 'else', 'dependentRequired', 'dependentSchemas', 'patternProperties', 'default']

/** What is wrong with a schema for strict structured output, in the API's words; null where nothing is. */
export function checkStrictSchema(schema: unknown): string | null {
  if (!isObject(schema)) return 'schema must be a JSON Schema of \'type: "object"\', got \'type: "None"\'.'
  if (schema['type'] !== 'object')
    return `schema must be a JSON Schema of 'type: "object"', got 'type: ${JSON.stringify(schema['type'] ?? 'None')}'.`
  if ('anyOf' in schema) return "In context=(), 'anyOf' is not permitted at the root."
  return problemAt(schema, [])
}

function problemAt(schema: unknown, path: string[]): string | null {
  const context = `In context=(${path.map((part) => `'${part}'`).join(', ')}), `
  if (!isObject(schema)) return `${context}schema must be an object.`
  const forbidden = FORBIDDEN.find((keyword) => keyword in schema)
  if (forbidden) return `${context}'${forbidden}' is not permitted.`
  if (!('type' in schema) && !('anyOf' in schema) && !('$ref' in schema) && !('enum' in schema) && !('const' in schema)) {
    return `${context}schema must have a 'type' key.`
  }
  const properties = isObject(schema['properties']) ? schema['properties'] : {}
  if (typesOf(schema).includes('object')) {
    if (schema['additionalProperties'] !== false) return `${context}'additionalProperties' is required to be supplied and to be false.`
    const required = Array.isArray(schema['required']) ? schema['required'] : []
    const missing = Object.keys(properties).find((name) => !required.includes(name))
    if (missing !== undefined) {
      return `${context}'required' is required to be supplied and to be an array including every key in properties. Missing '${missing}'.`
    }
    const extra = required.find((name) => typeof name !== 'string' || !(name in properties))
    if (extra !== undefined) return `${context}'required' has an extra key '${String(extra)}'.`
  }
  if (typesOf(schema).includes('array') && !isObject(schema['items'])) return `${context}array schema missing items.`

  const inside: [string[], unknown][] = [
    ...Object.entries(properties).map(([name, value]): [string[], unknown] => [[...path, 'properties', name], value]),
    ...Object.entries(isObject(schema['$defs']) ? schema['$defs'] : {}).map(([name, value]): [string[], unknown] => [
      [...path, '$defs', name],
      value,
    ]),
    ...(Array.isArray(schema['anyOf']) ? schema['anyOf'] : []).map((value: unknown, at): [string[], unknown] => [
      [...path, 'anyOf', String(at)],
      value,
    ]),
  ]
  if (isObject(schema['items'])) inside.push([[...path, 'items'], schema['items']])
  for (const [where, value] of inside) {
    const problem = problemAt(value, where)
    if (problem) return problem
  }
  return null
}

function typesOf(schema: Record<string, unknown>): unknown[] {
  return Array.isArray(schema['type']) ? schema['type'] : [schema['type']]
}
