import type { Arguments, Family, Random } from '@toolwright/families'
import { mistake, type Player } from './mistake.ts'
import { familyOfAll, type Known, type Recognise } from './recognise.ts'
import type { ObjectSchema, Understood } from './understand.ts'

export type CallReply = { applies: true; arguments: Arguments } | { applies: false; arguments: null }

const DOES_NOT_APPLY: CallReply = { applies: false, arguments: null }

/** The arguments for the tool that the usage examples show, where the request is of their family; a near miss whose arguments would fit is let through by mistake only. */
export function call(
  player: Player,
  { asked, text, schema, usage }: Understood & { asked: 'call' | 'call-again' },
  known: Known | null,
  recognise: Recognise,
): CallReply {
  const fitting = known ? inOrderOf(schema, known.arguments) : null
  if (!known || !fitting) return DOES_NOT_APPLY
  const shown = familyOfAll(usage, recognise)
  const applies = shown ? shown.name === known.family.name : usage.length === 0
  const slip = mistake(player, asked, known.family.name, text)
  if (!applies) return slip ? { applies: true, arguments: fitting } : DOES_NOT_APPLY
  if (!slip) return { applies: true, arguments: fitting }
  const wrong = wrongArguments(slip, fitting, known.family)
  return wrong ? { applies: true, arguments: wrong } : DOES_NOT_APPLY
}

/** The arguments under the schema's names, in its order; null where the names differ. */
function inOrderOf(schema: ObjectSchema, values: Arguments): Arguments | null {
  const names = Object.keys(schema.properties)
  if (names.length !== Object.keys(values).length || !names.every((name) => name in values)) return null
  return Object.fromEntries(names.map((name) => [name, values[name]]))
}

/** A slip that changes the answer (dropping a word from a list to sort does, swapping two does not); null where none is found. */
function wrongArguments(random: Random, values: Arguments, family: Family): Arguments | null {
  const right = family.solve(values)
  for (let attempt = 0; attempt < 12; attempt++) {
    const name = random.pick(Object.keys(values))
    const wrong = { ...values, [name]: slipIn(random, values[name]) }
    const answer = answerOrNull(family, wrong)
    if (answer !== null && answer !== right) return wrong
  }
  return null
}

/** The answer key need not know what to do with arguments that no request has. */
function answerOrNull(family: Family, values: Arguments): string | null {
  try {
    return family.solve(values)
  } catch (error) {
    if (error instanceof Error) return null
    throw error
  }
}

function slipIn(random: Random, value: unknown): unknown {
  if (typeof value === 'number') return value + random.pick([-1, 1])
  if (typeof value === 'boolean') return !value
  if (typeof value === 'string') return slipInText(random, value)
  if (Array.isArray(value)) return slipInList(random, value)
  if (typeof value !== 'object' || value === null) return value
  const inside: Arguments = Object.fromEntries(Object.entries(value))
  const names = Object.keys(inside)
  if (names.length === 0) return value
  const name = random.pick(names)
  return { ...inside, [name]: slipIn(random, inside[name]) }
}

function slipInText(random: Random, text: string): string {
  const digits = [...text.matchAll(/\d/g)]
  if (digits.length > 0) {
    const { 0: digit, index } = random.pick(digits)
    return `${text.slice(0, index)}${(Number(digit) + 1) % 10}${text.slice(index + 1)}`
  }
  const words = text.split(' ')
  if (words.length > 1) return words.toSpliced(random.between(0, words.length - 1), 1).join(' ')
  return text.length > 1 ? text.slice(0, -1) : text
}

function slipInList(random: Random, list: unknown[]): unknown[] {
  if (list.length === 0) return list
  const at = random.between(0, list.length - 1)
  const next = (at + 1) % list.length
  const ways = [
    () => list.toSpliced(at, 1),
    () => list.with(at, list[next]).with(next, list[at]),
    () => list.with(at, slipIn(random, list[at])),
  ]
  return random.pick(ways)()
}
