import type { ParameterSchema } from '@toolwright/contracts'
import { z } from 'zod'
import { writeIntegers } from './integer-text.ts'

/** `text`: the arguments as Python may read them. */
export type CheckedArguments = { ok: true; values: Record<string, unknown>; text: string } | { ok: false; problem: string }

/**
 * Checks arguments, as JSON text, against a tool's parameters. The text itself goes on to Python unparsed: here it is parsed only to be checked, so a number
 * that would not survive that is refused, not rounded. Only 1.0 for an integer is written as 1.
 */
export function checkArguments(schema: ParameterSchema, text: string): CheckedArguments {
  const inexact: string[] = []
  let values: unknown
  try {
    // Looking at every number takes ten times as long as reading them.
    values = MAY_BE_INEXACT.test(text)
      ? JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
          if (typeof value === 'number' && context?.source !== undefined && !survives(context.source, value)) inexact.push(context.source)
          return value
        })
      : JSON.parse(text)
  } catch (error) {
    return { ok: false, problem: `the arguments are not JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
  if (inexact.length > 0) return { ok: false, problem: `the number ${inexact[0]!.slice(0, 60)} is too long to be read exactly` }
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    return { ok: false, problem: 'the arguments are not a JSON object' }
  const parsed = validatorOf(schema).safeParse(values)
  if (!parsed.success) return { ok: false, problem: `the arguments do not fit the schema: ${z.prettifyError(parsed.error)}` }
  return {
    ok: true,
    values: { ...values },
    get text() {
      return writeIntegers(schema, text)
    },
  }
}

/** The names of the parameters whose value, a string or a number or a list of these, stands word for word in the text. */
export function verbatimParameters(values: Record<string, unknown>, text: string): string[] {
  return Object.entries(values)
    .filter(([, value]) => standsIn(value, text))
    .map(([name]) => name)
}

function standsIn(value: unknown, text: string): boolean {
  if (typeof value === 'string') return value !== '' && text.includes(value)
  if (typeof value === 'number') return text.includes(String(value))
  if (Array.isArray(value)) return value.length > 0 && value.every((one) => standsIn(one, text))
  return false
}

/** What a number has that does not survive parsing: many digits, or an exponent. */
const MAY_BE_INEXACT = /[\d.]{16}|\d[eE]/

/** Integers must be safe ones; other numbers must have no more digits than a double keeps. */
function survives(source: string, value: number): boolean {
  if (!Number.isFinite(value)) return false
  if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value)
  return (
    source
      .replace(/[eE].*$/, '')
      .replaceAll(/\D/g, '')
      .replace(/^0+/, '').length <= 15
  )
}

const validators = new WeakMap<object, z.ZodType>()

function validatorOf(schema: ParameterSchema): z.ZodType {
  let validator = validators.get(schema)
  if (validator === undefined) {
    validator = z.fromJSONSchema(schema)
    validators.set(schema, validator)
  }
  return validator
}
