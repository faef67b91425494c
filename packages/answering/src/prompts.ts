import type { Frame, Line, ParameterSchema } from '@toolwright/contracts'
import { type ChatMessage, loadPrompt, type ModelCall, renderPrompt } from '@toolwright/llm'

/** A prompt's file is split here into a system message, which stays the same from call to call, and a user message. */
const USER_MARK = '\n<!-- user -->\n'

/** The limit of a direct answer's reply, in tokens, where the request sets none. */
const MAX_ANSWER_TOKENS = 4_096
const MAX_ARGUMENT_TOKENS = 4_096
const MAX_JUDGE_TOKENS = 256

const answer = load('answer')
const call = load('call')
const callFirst = load('call-first')
const callAgain = loadPrompt(promptUrl('call-again'))
const judge = load('judge')

/** Asks for the answer itself. A request that came with a frame of its own keeps it; else the prompt asks for the final answer alone. */
export function answerPrompt(line: Pick<Line, 'text' | 'body'>, frame: Frame | null): ModelCall {
  if (line.body !== undefined) return { messages: [], maxTokens: MAX_ANSWER_TOKENS, body: line.body }
  if (frame !== null) {
    const { messages, ...shape } = frame
    return { messages: [], maxTokens: MAX_ANSWER_TOKENS, body: { ...shape, messages: [...messages, { role: 'user', content: line.text }] } }
  }
  return { messages: renderMessages(answer, {}, { request: line.text }), temperature: 0, maxTokens: MAX_ANSWER_TOKENS }
}

/** What the prompt that asks for arguments needs to know of a tool. */
export interface CallableTool {
  schema: ParameterSchema
  usage: { text: string; arguments: string }[]
}

/** Asks for the arguments of a request. What a request itself came to is never shown for it; a tool without any other usage example is asked for by its schema alone. */
export function callPrompt(tool: CallableTool, text: string): ModelCall {
  const others = tool.usage.filter((one) => one.text !== text)
  const usage = others.map((one) => `<request>\n${one.text}\n</request>\n{"applies": true, "arguments": ${one.arguments}}`).join('\n\n')
  const schema = JSON.stringify(tool.schema, null, 2)
  return {
    messages:
      others.length > 0
        ? renderMessages(call, { schema, usage }, { request: text })
        : renderMessages(callFirst, { schema }, { request: text }),
    temperature: 0,
    maxTokens: MAX_ARGUMENT_TOKENS,
    schema: {
      name: 'arguments',
      schema: {
        type: 'object',
        properties: { applies: { type: 'boolean' }, arguments: { anyOf: [tool.schema, { type: 'null' }] } },
        required: ['applies', 'arguments'],
        additionalProperties: false,
      },
    },
  }
}

/** The same conversation, one turn further: what was wrong with the arguments. */
export function callAgainPrompt(tool: CallableTool, text: string, reply: string, problem: string): ModelCall {
  const first = callPrompt(tool, text)
  return {
    ...first,
    messages: [...first.messages, { role: 'assistant', content: reply }, { role: 'user', content: renderPrompt(callAgain, { problem }) }],
  }
}

export function judgePrompt(groups: string[][], text: string): ModelCall {
  const shown = groups
    .map((texts, index) => `# Group ${index + 1}\n\n${texts.map((one) => `<request>\n${one}\n</request>`).join('\n\n')}`)
    .join('\n\n')
  return {
    messages: renderMessages(judge, {}, { groups: shown, request: text }),
    temperature: 0,
    maxTokens: MAX_JUDGE_TOKENS,
    schema: {
      name: 'group',
      schema: { type: 'object', properties: { group: { type: 'integer' } }, required: ['group'], additionalProperties: false },
    },
  }
}

/** A prompt's file, in its two halves. */
export interface PromptFile {
  system: string
  user: string
}

export function splitPrompt(text: string): PromptFile {
  const at = text.indexOf(USER_MARK)
  if (at < 0) throw new Error(`a prompt file lacks the line ${USER_MARK.trim()}`)
  return { system: text.slice(0, at).trim(), user: text.slice(at + USER_MARK.length).trim() }
}

/** Each half is rendered by itself, so that no value can move the border between them. */
export function renderMessages(prompt: PromptFile, system: Record<string, string>, user: Record<string, string>): ChatMessage[] {
  return [
    { role: 'system', content: renderPrompt(prompt.system, system) },
    { role: 'user', content: renderPrompt(prompt.user, user) },
  ]
}

function load(name: string): PromptFile {
  return splitPrompt(loadPrompt(promptUrl(name)))
}

function promptUrl(name: string): URL {
  return new URL(`../prompts/${name}.md`, import.meta.url)
}
