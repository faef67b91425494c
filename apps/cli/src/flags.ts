import { nearest } from '@toolwright/runtime'
import { parseArgs } from 'node:util'
import { CommandError, EXIT } from './exit-codes.ts'

/** A flag of a verb: how it is parsed and how help shows it. `value` names what a string flag takes; `short` is its one letter, if it has one. */
export type Flag = { type: 'boolean'; about: string } | { type: 'string'; value: string; short?: string; about: string }

type Values<F extends Record<string, Flag>> = { [Name in keyof F]?: F[Name] extends { type: 'boolean' } ? boolean : string }

/** Reads a verb's arguments. Throws a usage error that names the flag, with the one that was probably meant. */
export function parseFlags<F extends Record<string, Flag>>(args: string[], flags: F): { values: Values<F>; positionals: string[] } {
  const { tokens } = parseArgs({ args, options: flags, allowPositionals: true, strict: false, tokens: true })
  const values: Record<string, string | boolean> = {}
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const flag = flags[token.name]
    if (!flag) throw unknownFlag(token.rawName, Object.keys(flags))
    if (flag.type === 'boolean' && token.value !== undefined) throw usageError(`--${token.name} takes no value`)
    if (flag.type === 'string' && token.value === undefined)
      throw usageError(`--${token.name} needs a value: --${token.name} ${flag.value}`)
    values[token.name] = token.value ?? true
  }
  // Every value was just checked against its flag's type.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { values: values as Values<F>, positionals }
}

/** A whole number of at least `least` given to a flag; `fallback` where it was not given. */
export function wholeNumber<T>(name: string, text: string | undefined, least: number, fallback: T): number | T {
  if (text === undefined) return fallback
  const number = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number) || number < least)
    throw usageError(`${name} takes a whole number from ${least} on, not "${text}"`)
  return number
}

export function usageError(message: string): CommandError {
  return new CommandError(EXIT.usage, message)
}

function unknownFlag(given: string, known: string[]): CommandError {
  const meant = nearest(given.replace(/^-+/, ''), [...known, 'help', 'demo'])
  return usageError(`unknown flag ${given}: ${meant ? `did you mean --${meant}?` : 'the same command with --help lists what there is'}`)
}
