import { isObject } from '@toolwright/contracts'
/** A value of the schema that carries the answer: in its first string, else in a number; all else is empty or the first of its choices. */
export function fillSchema(schema: unknown, answer: string): unknown {
  const pending = { answer: answer as string | null }
  return fill(schema, pending)
}

function fill(schema: unknown, pending: { answer: string | null }): unknown {
  if (!isObject(schema)) return null
  if ('const' in schema) return schema['const']
  if (Array.isArray(schema['enum'])) {
    const choices: unknown[] = schema['enum']
    return choices.find((choice) => choice === pending.answer) ?? choices[0]
  }
  if (Array.isArray(schema['anyOf'])) return fill(schema['anyOf'][0], pending)
  const type: unknown = Array.isArray(schema['type']) ? schema['type'][0] : schema['type']
  switch (type) {
    case 'object': {
      const properties = isObject(schema['properties']) ? schema['properties'] : {}
      return Object.fromEntries(Object.entries(properties).map(([name, inside]) => [name, fill(inside, pending)]))
    }
    case 'array':
      return pending.answer === null ? [] : [fill(schema['items'], pending)]
    case 'string': {
      const { answer } = pending
      pending.answer = null
      return answer ?? ''
    }
    case 'integer':
    case 'number': {
      const number = Number(/-?\d+(\.\d+)?/.exec(pending.answer ?? '')?.[0] ?? 0)
      return type === 'integer' ? Math.trunc(number) : number
    }
    case 'boolean':
      return true
    default:
      return null
  }
}
