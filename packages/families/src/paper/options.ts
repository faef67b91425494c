import { fieldsOf, listOf, textOf } from '../read-values.ts'

const letters = 'ABCDEFG'

/** Lines such as `(A) pink ball`. */
export const optionsPattern = String.raw`\([A-G]\) [^\n]+(?:\n\([A-G]\) [^\n]+)+`

export function optionLines(claims: readonly string[]): string {
  return claims.map((claim, index) => `(${letters[index]}) ${claim}`).join('\n')
}

/** The answer that names the option at `index`: `(A)`. */
export function answerAt(index: number): string {
  const letter = letters[index]
  if (letter === undefined) throw new RangeError(`no option ${index}`)
  return `(${letter})`
}

/** Null where the letters do not run from A on. */
export function readOptions(lines: string): { label: string; claim: string }[] | null {
  const options = lines.split('\n').map((line) => ({ label: line.slice(1, 2), claim: line.slice(4) }))
  return options.every((option, index) => option.label === letters[index]) ? options : null
}

/** The options among a call's arguments: objects with a `label` and what `readClaim` reads. */
export function readOptionValues<T>(
  value: unknown,
  readClaim: (fields: Record<string, unknown>, name: string) => T,
): { label: string; claim: T }[] {
  return listOf(value, 'options', (item, name) => {
    const fields = fieldsOf(item, name)
    return { label: textOf(fields['label'], `${name}.label`), claim: readClaim(fields, name) }
  })
}
