import type { ParameterSchema } from '@toolwright/contracts'

/** Strings, brackets and separators, and all else that is no space: in valid JSON that is a number, true, false or null. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g

/** An object or a list that is being read, with its schema where that is known, and the key whose value comes next. */
interface Open {
  schema: unknown
  isObject: boolean
  key: string | null
}

/**
 * The same arguments, with a number such as 1.0 or 1e3 written as an integer where the schema asks for one: Python would read a float there, though the number is right.
 * All other text stays byte for byte. `text` must be JSON that fits the schema, its integers safe ones.
 */
export function writeIntegers(schema: ParameterSchema, text: string): string {
  const open: Open[] = []
  return text.replaceAll(TOKEN, (token) => {
    const inside = open.at(-1)
    switch (token.slice(0, 1)) {
      case '{':
      case '[':
        open.push({ schema: inside === undefined ? schema : schemaWithin(inside), isObject: token === '{', key: null })
        return token
      case '}':
      case ']':
        open.pop()
        return token
      case ',':
        if (inside !== undefined) inside.key = null
        return token
      case ':':
        return token
      case '"':
        // A string is a key where none has been read since the last comma.
        if (inside?.isObject === true && inside.key === null) inside.key = JSON.parse(token) as string
        return token
      default:
        return inside !== undefined && isInteger(schemaWithin(inside)) && /^-?\d+[.eE]/.test(token) ? String(Number(token)) : token
    }
  })
}

function schemaWithin({ schema, isObject, key }: Open): unknown {
  const within = member(schema, isObject ? 'properties' : 'items')
  return isObject ? member(within, key ?? '') : within
}

function isInteger(schema: unknown): boolean {
  const type = member(schema, 'type')
  return type === 'integer' || (Array.isArray(type) && type.includes('integer'))
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined
}
