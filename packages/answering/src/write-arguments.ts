import type { Tool } from '@toolwright/contracts'
import { findJson, ModelError } from '@toolwright/llm'
import { checkArguments, verbatimParameters } from './arguments.ts'
import type { Payer, Payment } from './payer.ts'
import { type CallableTool, callAgainPrompt, callPrompt } from './prompts.ts'

/** A tool as the tool user needs it; while it is being verified it has no version yet. */
export type CalledTool = CallableTool & Pick<Tool, 'verbatim'>

export type WrittenArguments =
  | { status: 'written'; arguments: string; reply: string; model: string }
  | { status: 'not-applicable'; model: string }
  | { status: 'failed'; problem: string; reply: string | null }

/** Who asks, and what for; `field` and `purpose` of the payment are set per turn. */
export type CallPayment = Omit<Payment, 'role' | 'text'>

/**
 * Has the light model write the arguments for a request. `earlier`: the reply of the first turn and what was wrong with it, for the one repair turn.
 * What the endpoint refuses or the model gets wrong is `failed`, for the caller to go another way.
 */
export async function writeArguments(
  payer: Payer,
  payment: CallPayment,
  tool: CalledTool,
  text: string,
  signal: AbortSignal,
  earlier?: { reply: string; problem: string },
): Promise<WrittenArguments> {
  const prompt = earlier === undefined ? callPrompt(tool, text) : callAgainPrompt(tool, text, earlier.reply, earlier.problem)
  let reply: Awaited<ReturnType<Payer['pay']>>
  try {
    reply = await payer.pay({ ...payment, role: 'light', text, field: `${payment.field}:${earlier === undefined ? 1 : 2}` }, prompt, signal)
  } catch (error) {
    if (error instanceof ModelError) return { status: 'failed', problem: error.message, reply: null }
    throw error
  }
  if (reply.finish !== 'stop') return { status: 'failed', problem: `the reply ended early (${reply.finish})`, reply: reply.text }
  const read = readArguments(tool, text, reply.text)
  return read.status === 'failed' ? read : { ...read, model: reply.model }
}

type ReadArguments =
  | { status: 'written'; arguments: string; reply: string }
  | { status: 'not-applicable' }
  | { status: 'failed'; problem: string; reply: string }

/** Reads the tool user's reply: JSON with `applies` and `arguments`, held against the schema and against what must stand in the text. */
export function readArguments(tool: CalledTool, text: string, reply: string): ReadArguments {
  const failed = (problem: string): ReadArguments => ({ status: 'failed', problem, reply })
  const found = findJson(reply)
  if (found === undefined) return failed('the reply holds no JSON object')
  const { value } = found
  if (typeof value !== 'object' || value === null || !('applies' in value)) return failed('the JSON object lacks "applies"')
  if (value.applies === false) return { status: 'not-applicable' }
  if (value.applies !== true || !('arguments' in value) || value.arguments === null)
    return failed('"applies" is not true or false, or "arguments" is missing')
  const argumentsText = memberText(found.text, 'arguments')
  if (argumentsText === null) return failed('"arguments" is not an object')
  const checked = checkArguments(tool.schema, argumentsText)
  if (!checked.ok) return failed(checked.problem)
  const standing = new Set(verbatimParameters(checked.values, text))
  const invented = tool.verbatim.find((name) => !standing.has(name))
  if (invented !== undefined) return failed(`the value of "${invented}" does not stand in the request word for word`)
  return { status: 'written', arguments: checked.text, reply }
}

/** The JSON text of an object's member with its numbers as they were written: 1.0 stays 1.0. */
function memberText(json: string, member: string): string | null {
  const value: unknown = JSON.parse(json, (_key, one: unknown, context?: { source?: string }) =>
    typeof one === 'number' && context?.source !== undefined ? rawJson(context.source) : one,
  )
  if (typeof value !== 'object' || value === null) return null
  const found: unknown = Object.entries(value).find(([name]) => name === member)?.[1]
  return typeof found === 'object' && found !== null ? JSON.stringify(found) : null
}

/** `JSON.rawJSON` (ES2026, in Node since 22), which the type library does not know yet. */
const rawJson = (JSON as unknown as { rawJSON: (text: string) => unknown }).rawJSON
