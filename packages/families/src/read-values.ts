/** Reads arguments of unknown origin (a model may have written them). Each throws `RangeError` that names what is wrong. */
export function textOf(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new RangeError(`${name} is not a string`)
  return value
}

export function numberOf(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new RangeError(`${name} is not a number`)
  return value
}

export function listOf<T>(value: unknown, name: string, each: (item: unknown, name: string) => T): T[] {
  if (!Array.isArray(value)) throw new RangeError(`${name} is not a list`)
  return value.map((item, index) => each(item, `${name}[${index}]`))
}

export function fieldsOf(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new RangeError(`${name} is not an object`)
  return { ...value }
}
