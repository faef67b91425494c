import { Evidence, KindId, ParameterSchema, type Tool } from '@toolwright/contracts'
import type { ImportedKind, Kind } from '@toolwright/registry'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { usageError } from './flags.ts'

/**
 * What `tool.json` holds beside `source.py`. No text of a request is in it unless asked for: templates are the words that all requests of a kind share, and `usage` and
 * `samples`, which are requests, are left empty.
 */
const ToolFile = z.strictObject({
  v: z.literal(1),
  kind: z.strictObject({
    id: KindId,
    name: z.string(),
    label: z.string(),
    frame: z.string(),
    /** Words between gaps (null): tokens hold no spaces, so the words of a run stand in one string. */
    templates: z.array(z.strictObject({ lines: z.int().nonnegative(), words: z.array(z.string().min(1).nullable()) })),
    /** The few tokens that all its requests are made of, where it is poor in words; null for others. */
    vocabulary: z.strictObject({ steadyLines: z.int().nonnegative(), tokens: z.array(z.string()) }).nullable(),
    samples: z.array(z.string()),
  }),
  version: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hex digits'),
  schema: ParameterSchema,
  tiers: z.strictObject({ extracted: z.boolean(), called: z.boolean() }),
  verbatim: z.array(z.string()),
  usage: z.array(z.strictObject({ text: z.string(), arguments: z.string() })),
  evidence: Evidence,
  model: z.string(),
  cost_nano_usd: z.int().nonnegative().nullable(),
  made_at: z.iso.datetime(),
})
type ToolFile = z.infer<typeof ToolFile>

/** A vocabulary that so many requests in a row added nothing to is closed; the registry's reading counts alike. */
const CLOSED_AFTER_LINES = 6

/** Writes a kind's tool as `<folder>/<kind id>/tool.json` and `source.py`: plain files that read well in a diff. */
export function writeToolFolder(folder: string, kind: Kind, tool: Tool, { withExamples }: { withExamples: boolean }): string {
  const path = join(folder, kind.id)
  mkdirSync(path, { recursive: true })
  const file: ToolFile = {
    v: 1,
    kind: {
      id: kind.id,
      name: kind.name,
      // The label of a kind without a name is the beginning of a request.
      label: kind.name !== '' || withExamples ? kind.label : '',
      frame: kind.frame,
      templates: kind.reading.templates.map(({ tokens, lines }) => ({ lines, words: runsOf(tokens) })),
      // One that still grows holds words of single requests.
      vocabulary: withExamples || (kind.reading.vocabulary?.steadyLines ?? 0) >= CLOSED_AFTER_LINES ? kind.reading.vocabulary : null,
      samples: withExamples ? kind.reading.samples : [],
    },
    version: tool.version,
    sha256: tool.sha256,
    schema: tool.schema,
    tiers: tool.tiers,
    verbatim: tool.verbatim,
    usage: withExamples ? tool.usage.map((one) => ({ text: one.text, arguments: one.arguments })) : [],
    evidence: tool.evidence,
    model: tool.model,
    cost_nano_usd: tool.costNano,
    made_at: new Date(tool.at).toISOString(),
  }
  writeFileSync(join(path, 'tool.json'), `${JSON.stringify(file, null, 2)}\n`)
  writeFileSync(join(path, 'source.py'), tool.source)
  return path
}

/** A tool as a folder tells of it, ready to be imported. */
export interface ReadTool {
  path: string
  kind: ImportedKind
  tool: Omit<Tool, 'version'>
}

/** Every tool in a folder that `writeToolFolder` wrote to, all or none. Throws a usage error that names the file and what is wrong with it. */
export function readToolFolders(folder: string): ReadTool[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw usageError(`there is no folder ${folder}`)
  const paths = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && statSync(join(folder, entry.name, 'tool.json'), { throwIfNoEntry: false }) !== undefined)
    .map((entry) => join(folder, entry.name))
    .toSorted()
  if (paths.length === 0) throw usageError(`there are no tools in ${folder}: each is a folder with tool.json and source.py`)
  return paths.map(readToolFolder)
}

function readToolFolder(path: string): ReadTool {
  const file = parseToolFile(join(path, 'tool.json'))
  const sourcePath = join(path, 'source.py')
  const bytes = readFile(sourcePath)
  const source = bytes.toString('utf8')
  if (!Buffer.from(source, 'utf8').equals(bytes)) throw usageError(`${sourcePath} is not UTF-8 text`)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (sha256 !== file.sha256) {
    throw usageError(`${sourcePath} is not the source that was verified: its SHA-256 is ${sha256}, and tool.json says ${file.sha256}`)
  }
  const { id, name, label, frame } = file.kind
  return {
    path,
    kind: { id, name, label: label === '' ? id : label, frame, reading: readingOf(file.kind) },
    tool: {
      v: 1,
      kind: id,
      sha256,
      source,
      schema: file.schema,
      tiers: file.tiers,
      verbatim: file.verbatim,
      // Which runs it is from, elsewhere, says nothing here.
      usage: file.usage.map((one) => ({ ...one, run: '' })),
      runs: [],
      evidence: file.evidence,
      model: file.model,
      generation: 1,
      costNano: file.cost_nano_usd,
      at: Date.parse(file.made_at),
    },
  }
}

function parseToolFile(path: string): ToolFile {
  let content: unknown
  try {
    content = JSON.parse(readFile(path).toString('utf8'))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw usageError(`${path} is not JSON: ${error.message}`)
  }
  const parsed = ToolFile.safeParse(content)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.slice(0, 3).map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`)
  throw usageError(`${path} is not right: ${problems.join('; ')}`)
}

function readFile(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw usageError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

type Templates = Kind['reading']['templates']

function runsOf(tokens: Templates[number]['tokens']): (string | null)[] {
  const runs: (string | null)[] = []
  for (const token of tokens) {
    const last = runs.at(-1)
    if (token !== null && typeof last === 'string') runs[runs.length - 1] = `${last} ${token}`
    else runs.push(token)
  }
  return runs
}

function readingOf({ templates, samples, vocabulary }: ToolFile['kind']): Kind['reading'] {
  return {
    templates: templates.map(({ lines, words }) => ({ lines, tokens: words.flatMap((run) => (run === null ? [null] : run.split(' '))) })),
    pending: [],
    samples,
    members: templates.reduce((sum, { lines }) => sum + lines, samples.length),
    vocabulary,
    origins: {},
  }
}
