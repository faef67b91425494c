import { boundedCache } from '../bounded-cache.ts'

export interface Turn {
  role: string
  text: string
}

export interface ShownExample {
  text: string
  answer: string | null
}

/** What the messages ask for, read from their own words alone. */
export type Understood =
  | { asked: 'answer'; text: string }
  | { asked: 'judge'; groups: { number: number; texts: string[] }[]; text: string }
  | { asked: 'call' | 'call-again'; text: string; schema: ObjectSchema; usage: string[] }
  | { asked: 'propose' | 'repair'; examples: ShownExample[]; conversation: string }

export interface ObjectSchema {
  type: 'object'
  properties: Record<string, unknown>
}

export type Understand = (turns: Turn[]) => Understood

/**
 * Reads what is asked for, and of which data, from key phrases: a prompt may be worded differently as long as it still names what it wants back
 * (Python's `solve` and `extract`, the members "applies" and "arguments" and a schema, the member "group"). All else is a request to answer.
 */
export function createUnderstand(): Understand {
  // The system messages of one stage hardly vary, and those of a tool's calls are long: each is read once.
  const instructions = boundedCache<Instruction>(500)
  return (turns) => {
    const system = textOf(turns, 'system', 'developer')
    const users = turns.filter((turn) => turn.role === 'user').map((turn) => turn.text)
    const replies = turns.filter((turn) => turn.role === 'assistant')
    const first = users[0] ?? ''
    const last = users.at(-1) ?? ''
    const instruction = instructions.get(system, () => readInstruction(system))
    if (instruction.wants === 'tool' && first.includes('<request>')) {
      const conversation = turns
        .slice(1)
        .map((turn) => turn.text)
        .join('\n')
      return {
        asked: replies.length > 0 ? 'repair' : 'propose',
        examples: [...readExamples(first), ...toldInRepair(users.slice(1))],
        conversation,
      }
    }
    if (instruction.wants === 'arguments') {
      const again = replies.length > 0 && users.length > 1
      return { asked: again ? 'call-again' : 'call', text: again ? first : last, schema: instruction.schema, usage: instruction.usage }
    }
    if (instruction.wants === 'group' && last.includes('<request>')) return readGroups(last)
    return { asked: 'answer', text: last }
  }
}

/** The texts in `<request>` blocks, in order, as they stand. */
export function requestBlocks(text: string): string[] {
  return Array.from(text.matchAll(/<request>\r?\n?([\s\S]*?)\r?\n?<\/request>/g), (match) => match[1] ?? '')
}

type Instruction = { wants: 'tool' | 'group' | 'answer' } | { wants: 'arguments'; schema: ObjectSchema; usage: string[] }

function readInstruction(system: string): Instruction {
  if (/python/i.test(system) && /\bsolve\b/.test(system) && /\bextract\b/.test(system)) return { wants: 'tool' }
  if (/"applies"/.test(system) && /"arguments"/.test(system)) {
    const schema = firstObjectSchema(system)
    if (schema) return { wants: 'arguments', schema, usage: requestBlocks(system) }
  }
  if (/"group"/.test(system) && /\bgroups?\b/i.test(system) && /\brequests?\b/i.test(system)) return { wants: 'group' }
  return { wants: 'answer' }
}

/** Failed cases that a repair shows with their right answers are examples too; requests to be refused come without one. */
function toldInRepair(users: string[]): ShownExample[] {
  return users.flatMap((user) => readExamples(user)).filter((example) => example.answer !== null)
}

function readExamples(user: string): ShownExample[] {
  const blocks = user.matchAll(
    /<request>\r?\n?([\s\S]*?)\r?\n?<\/request>(?:(?:(?!<request>)[\s\S])*?<answer>\r?\n?([\s\S]*?)\r?\n?<\/answer>)?/g,
  )
  return Array.from(blocks, ([, text, answer]) => ({ text: text ?? '', answer: answer ?? null }))
}

function readGroups(user: string): Understood {
  // The new request is the last block, whatever its heading says; the groups are the numbered headings before it.
  const start = user.lastIndexOf('<request>')
  const [text = ''] = requestBlocks(user.slice(start))
  const groups = user
    .slice(0, start)
    .split(/^(?=#*[ \t]*group[ \t]+\d+)/im)
    .flatMap((section) => {
      const number = /^#*[ \t]*group[ \t]+(\d+)/i.exec(section)?.[1]
      return number === undefined ? [] : [{ number: Number(number), texts: requestBlocks(section) }]
    })
  return { asked: 'judge', groups, text }
}

/** The first JSON object in the text that reads as the schema of an object. */
function firstObjectSchema(text: string): ObjectSchema | null {
  for (let start = text.indexOf('{'); start >= 0; start = text.indexOf('{', start + 1)) {
    const end = endOfObject(text, start)
    const value = end < 0 ? null : parseJson(text.slice(start, end))
    if (isObjectSchema(value)) return value
  }
  return null
}

function endOfObject(text: string, start: number): number {
  let depth = 0
  let inString = false
  for (let i = start; i < text.length; i++) {
    const character = text[i]
    if (inString) {
      if (character === '\\') i++
      else if (character === '"') inString = false
    } else if (character === '"') inString = true
    else if (character === '{') depth++
    else if (character === '}' && --depth === 0) return i + 1
  }
  return -1
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // Braces in prose are expected; anything but a syntax error is not.
    if (error instanceof SyntaxError) return null
    throw error
  }
}

export function isObjectSchema(value: unknown): value is ObjectSchema {
  if (typeof value !== 'object' || value === null) return false
  return (
    'type' in value && value.type === 'object' && 'properties' in value && typeof value.properties === 'object' && value.properties !== null
  )
}

function textOf(turns: Turn[], ...roles: string[]): string {
  return turns
    .filter((turn) => roles.includes(turn.role))
    .map((turn) => turn.text)
    .join('\n')
}
