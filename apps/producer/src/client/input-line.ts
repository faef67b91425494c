import { hashOf, isObject, MAX_LINE_BYTES, type Frame } from '@toolwright/contracts'
import { z } from 'zod'
import { nearKey } from './near-key.ts'
import type { InputText } from './read-lines.ts'
import { splitBody } from './toolable.ts'

/** A request as the user wrote it. `body` is there only where the line cannot go to a tool, whole and unchanged. */
export interface RequestLine {
  customId: string
  text: string
  frame: Frame | null
  body?: Record<string, unknown>
  target?: string
  kindName?: string
  /** The short form (`{"input": …}`), not an OpenAI Batch line. */
  isPlain: boolean
}

/** `customId` of a bad line: where one could still be read, else null. `message` names the line and says how to mend it. */
export type ParsedLine = { ok: true; line: RequestLine } | { ok: false; customId: string | null; code: InputErrorCode; message: string }

/** The codes of OpenAI Batch where it has one; `line_too_long` and `invalid_request` are ours. */
export type InputErrorCode = 'invalid_json_line' | 'invalid_request' | 'invalid_method' | 'invalid_url' | 'line_too_long'

export function defaultCustomId(lineNumber: number): string {
  return `line-${lineNumber}`
}

/** What names a frame in lines and kinds; '' for none. */
export function frameIdOf(frame: Frame | null): string {
  return frame === null ? '' : hashOf(JSON.stringify(frame)).slice(0, 32)
}

/** Reads one line of the input: an OpenAI Batch line, or `{"id"?, "input", "kind"?, "target"?}`. Never throws on what a user wrote. */
export function parseInputLine(input: InputText): ParsedLine {
  const at = `line ${input.lineNumber}`
  switch (input.status) {
    case 'too-long':
      return refuse(
        idInHead(input.head),
        'line_too_long',
        `${at} has ${input.byteLength} bytes, and a line may have at most ${MAX_LINE_BYTES}: shorten its text or split it into several requests`,
      )
    case 'not-utf8':
      return refuse(
        idInHead(input.head),
        'invalid_json_line',
        input.lineNumber === 1 && input.offset === 0 && input.head.startsWith('\uFFFD\uFFFD')
          ? `${at} is not UTF-8 and begins like UTF-16: save the file as UTF-8`
          : `${at} is not UTF-8 text: save the file as UTF-8, or take the line out if it is not meant to be there`,
      )
    case 'text':
      return parseText(input.text, input.lineNumber)
  }
}

function parseText(text: string, lineNumber: number): ParsedLine {
  const at = `line ${lineNumber}`
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return refuse(null, 'invalid_json_line', `${at} is not valid JSON (${reasonOf(error)}): ${jsonMend(text)}`)
  }
  if (!isObject(value)) {
    const what = Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`
    return refuse(null, 'invalid_json_line', `${at} is ${what}: every line must be one JSON object, such as {"input": "…"}`)
  }
  return 'body' in value || (!('input' in value) && BATCH_ONLY.some((key) => key in value))
    ? parseBatchLine(value, lineNumber)
    : parsePlainLine(value, lineNumber)
}

const NOT_AN_ID = 'must be a string that is not empty'
const Id = z
  .union([z.string().min(1, NOT_AN_ID), z.int()], NOT_AN_ID)
  .transform(String)
  .nullish()
const KindName = z.string('must be a string').trim().min(1, 'must not be empty').max(200, 'must have at most 200 characters').nullish()
const Target = z.string('must be a string: put it in quotes, exactly as the answer should read').nullish()

const Plain = z.strictObject({
  id: Id,
  input: z
    .string('must be a string: the text of the request')
    .refine((text) => text.trim() !== '', 'is empty: give it the text of the request'),
  kind: KindName,
  target: Target,
})

const BATCH_ONLY = ['custom_id', 'method', 'url', 'toolwright']
const Ours = z.strictObject({ kind: KindName, target: Target }, 'must be an object with "kind" and "target"')
const Batch = z.object({
  custom_id: Id,
  method: z.literal('POST', 'must be "POST"').nullish(),
  url: z.literal('/v1/chat/completions', 'must be "/v1/chat/completions", the only endpoint that is served').nullish(),
  body: z.object(
    {
      messages: z
        .array(
          z.object({ role: z.string('must be a string') }, 'must be an object with "role" and "content"'),
          'must be a list of messages',
        )
        .min(1, 'must hold at least one message'),
    },
    'must be an object: the chat completion request',
  ),
  toolwright: Ours.nullish(),
})

/** What people call these keys elsewhere. */
const OTHER_NAMES = {
  customid: 'id',
  requestid: 'id',
  text: 'input',
  prompt: 'input',
  question: 'input',
  query: 'input',
  request: 'input',
  content: 'input',
  answer: 'target',
  expected: 'target',
  output: 'target',
  label: 'target',
  gold: 'target',
  family: 'kind',
  category: 'kind',
  task: 'kind',
  type: 'kind',
}

function parsePlainLine(value: Record<string, unknown>, lineNumber: number): ParsedLine {
  const parsed = Plain.safeParse(value)
  if (!parsed.success) {
    return refuse(idOf(value['id']), 'invalid_request', `line ${lineNumber}: ${problemOf(parsed.error, value, Object.keys(Plain.shape))}`)
  }
  const { id, input, kind, target } = parsed.data
  return {
    ok: true,
    line: {
      customId: id ?? defaultCustomId(lineNumber),
      text: input,
      frame: null,
      isPlain: true,
      ...(typeof kind === 'string' && { kindName: kind }),
      ...(typeof target === 'string' && { target }),
    },
  }
}

function parseBatchLine(value: Record<string, unknown>, lineNumber: number): ParsedLine {
  const customId = idOf(value['custom_id'])
  const at = `line ${lineNumber}`
  if ('input' in value) {
    return refuse(
      customId,
      'invalid_request',
      `${at} has both "body" and "input": keep "body" (an OpenAI Batch line) or "input" (the short form)`,
    )
  }
  // Other tools put keys of their own into Batch lines, so unknown ones pass; but a misspelt one would be lost without a word.
  for (const key of Object.keys(value)) {
    const meant = key in Batch.shape ? null : nearKey(key, Object.keys(Batch.shape))
    if (meant !== null) return refuse(customId, 'invalid_request', `${at}: unknown key ${quoted(key)}; did you mean "${meant}"?`)
  }
  const ofShortForm = ['id', 'kind', 'target'].find((key) => key in value && !(key === 'id' && 'custom_id' in value))
  if (ofShortForm !== undefined) {
    const meant = ofShortForm === 'id' ? '"custom_id"' : `{"toolwright": {"${ofShortForm}": …}}`
    return refuse(customId, 'invalid_request', `${at}: "${ofShortForm}" is of the short form; in an OpenAI Batch line it is ${meant}`)
  }
  const parsed = Batch.safeParse(value)
  if (!parsed.success) {
    const key = parsed.error.issues[0]?.path[0]
    const code = key === 'method' ? 'invalid_method' : key === 'url' ? 'invalid_url' : 'invalid_request'
    return refuse(customId, code, `${at}: ${problemOf(parsed.error, value, Object.keys(Ours.shape))}`)
  }
  // The user's own object and not zod's copy: it has to reach the model unchanged.
  const { body } = value
  if (!isObject(body) || isDeeperThan(body, MAX_DEPTH)) {
    return refuse(customId, 'invalid_request', `${at}: "body" is nested more than ${MAX_DEPTH} levels deep: flatten it`)
  }
  const { isToolable, text, frame } = splitBody(body)
  const { kind, target } = parsed.data.toolwright ?? {}
  return {
    ok: true,
    line: {
      customId: parsed.data.custom_id ?? defaultCustomId(lineNumber),
      text,
      frame,
      isPlain: false,
      ...(!isToolable && { body }),
      ...(typeof kind === 'string' && { kindName: kind }),
      ...(typeof target === 'string' && { target }),
    },
  }
}

function refuse(customId: string | null, code: InputErrorCode, message: string): ParsedLine {
  return { ok: false, customId, code, message }
}

/** The first problem as a sentence: the key with its path, what is wrong with it, and the likely key for one that is unknown or missing. */
function problemOf(error: z.ZodError, value: Record<string, unknown>, known: readonly string[]): string {
  const unknownKeys = error.issues.find((issue) => issue.code === 'unrecognized_keys')
  if (unknownKeys !== undefined) {
    const key = unknownKeys.keys[0] ?? ''
    const place = unknownKeys.path.length === 0 ? '' : ` in ${pathText(unknownKeys.path)}`
    const meant = nearKey(key, known, OTHER_NAMES)
    const mend = meant === null ? `allowed are ${known.map((name) => `"${name}"`).join(', ')}` : `did you mean "${meant}"?`
    return `unknown key ${quoted(key)}${place}; ${mend}`
  }
  const issue = error.issues[0]
  if (issue === undefined) return 'it cannot be read as a request'
  const isMissing = issue.path.length === 1 && !(String(issue.path[0]) in value)
  return `${pathText(issue.path)} ${isMissing ? 'is missing; it ' : ''}${issue.message}`
}

function pathText(path: readonly PropertyKey[]): string {
  return quoted(path.map((step, i) => (typeof step === 'number' ? `[${step}]` : `${i === 0 ? '' : '.'}${String(step)}`)).join(''))
}

function quoted(key: string): string {
  return JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}…` : key)
}

function idOf(value: unknown): string | null {
  const id = Id.safeParse(value)
  return id.data ?? null
}

/** The id of a line that was not read to its end, where the line begins with it. */
function idInHead(head: string): string | null {
  const quotedId = /^\s*\{\s*"(?:custom_id|id)"\s*:\s*("(?:[^"\\]|\\.)+")\s*[,}]/.exec(head)?.[1]
  if (quotedId === undefined || quotedId.includes('\uFFFD')) return null
  try {
    return idOf(JSON.parse(quotedId))
  } catch {
    // An escape that JSON does not know: the id is as broken as its line.
    return null
  }
}

/** V8's message without its "(line 1 column 5)", which would read like a line of the file, and without control characters. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message
    .replace(/ \(line \d+ column \d+\)/, '')
    .replaceAll(/\p{Cc}+/gu, ' ')
    .slice(0, 200)
}

function jsonMend(text: string): string {
  const trimmed = text.trim()
  if (text.includes('\0')) return 'it holds binary data; take it out'
  if (/^[[\]]$|\},$/.test(trimmed)) return 'this looks like a JSON list; write one object per line, without commas between them'
  if (/^[{}]$|^"[^"]*"\s*:/.test(trimmed)) return 'this looks like an object over several lines; write each request on one line'
  if (/^\{\s*'/.test(trimmed)) return 'JSON needs double quotes'
  if (trimmed.startsWith('{') && !trimmed.endsWith('}')) return 'it ends too early; write the whole object on one line'
  return 'write one JSON object, such as {"input": "…"}'
}

const MAX_DEPTH = 100

/** JSON.parse takes any depth, JSON.stringify overflows the stack: such a line would stop the run when it is put into a job. */
function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((item) => isDeeperThan(item, levels - 1))
}
