import type { ParameterSchema } from '@toolwright/contracts'
import { normaliseSchema, type NormalisedSchema } from '@toolwright/answering'
import { fencedBlocks } from '@toolwright/llm'

/** A tool as the tool maker wrote it, not verified yet. */
export interface Candidate {
  source: string
  schema: ParameterSchema
  parameters: string[]
}

export type Proposal = { ok: true; candidate: Candidate } | { ok: false; problem: string }

const MAX_SOURCE_BYTES = 64_000

/** Reads a reply of the tool maker: its last block of JSON that is a schema counts, its last block of Python the module. */
export function readProposal(reply: string): Proposal {
  const blocks = fencedBlocks(reply)
  const source = blocks.findLast((block) => ['python', 'py', 'python3'].includes(block.language.toLowerCase()))?.code
  if (source === undefined) return { ok: false, problem: 'The reply has no fenced block marked python.' }
  if (Buffer.byteLength(source) > MAX_SOURCE_BYTES) return { ok: false, problem: `The module is longer than ${MAX_SOURCE_BYTES} bytes.` }
  for (const name of ['solve', 'extract']) {
    if (!new RegExp(`^(async\\s+)?def\\s+${name}\\s*\\(`, 'm').test(source))
      return { ok: false, problem: `The module defines no function ${name} at its top level.` }
  }
  const schemas = blocks.filter((block) => block.language.toLowerCase() === 'json').map((block) => readSchema(block.code))
  const schema = schemas.findLast((one) => one.ok) ?? schemas.at(-1)
  if (schema === undefined) return { ok: false, problem: 'The reply has no fenced block marked json with the schema of the parameters.' }
  if (!schema.ok) return { ok: false, problem: `In the json block, ${schema.problem}.` }
  return { ok: true, candidate: { source, schema: schema.schema, parameters: schema.parameters } }
}

function readSchema(json: string): NormalisedSchema {
  try {
    return normaliseSchema(JSON.parse(json))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { ok: false, problem: `there is no JSON: ${error.message}` }
  }
}
