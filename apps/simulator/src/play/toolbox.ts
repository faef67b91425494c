import { readFileSync } from 'node:fs'
import { isObjectSchema } from './understand.ts'

/** A proposed tool: the schema of its parameters as JSON text, and its module. */
export interface Candidate {
  schema: string
  source: string
}

export interface Toolbox {
  /** The right tool for a family, reading just the given wordings. Throws where the family has no Python in `tools/`. */
  toolFor(family: string, wordings: number[]): Candidate & { parameters: string[] }
}

/** Reads `tools/<family>/` when it is first asked for, and keeps it. */
export function createToolbox(): Toolbox {
  const files = new Map<string, string>()
  const read = (family: string, name: string) => {
    const path = `../../tools/${family}/${name}`
    const text = files.get(path) ?? readFileSync(new URL(path, import.meta.url), 'utf8').trim()
    files.set(path, text)
    return text
  }
  return {
    toolFor(family, wordings) {
      const schema = read(family, 'schema.json')
      const parts = [read(family, 'solve.py'), ...wordings.map((wording) => read(family, `extract-${wording}.py`)), extractOf(wordings)]
      return { schema, source: `${parts.join('\n\n\n')}\n`, parameters: parametersOf(family, schema) }
    },
  }
}

function parametersOf(family: string, schema: string): string[] {
  const value: unknown = JSON.parse(schema)
  if (!isObjectSchema(value)) throw new Error(`tools/${family}/schema.json is no schema of an object`)
  return Object.keys(value.properties)
}

function extractOf(wordings: number[]): string {
  const readers = wordings.map((wording) => `extract_${wording}`)
  return `def extract(text: str) -> dict | None:
    for read in (${readers.join(', ')},):
        arguments = read(text)
        if arguments is not None:
            return arguments
    return None`
}
