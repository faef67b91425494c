import { nearest } from '@toolwright/runtime'
import type { Kind, Registry } from '@toolwright/registry'
import { usageError } from './flags.ts'

/** A kind, by its id, its name, or a part of its id, best its beginning; throws a usage error for none or several. */
export async function kindOf(registry: Registry, given: string): Promise<Kind> {
  const exact = await registry.kinds.get(given)
  if (exact !== null) return exact
  const ids = await registry.kinds.list()
  const starting = ids.filter((id) => id.startsWith(given) || id.startsWith(`k-${given}`))
  const holding = starting.length > 0 ? starting : ids.filter((id) => id.includes(given))
  const all = (await Promise.all(ids.map((id) => registry.kinds.get(id)))).filter((kind) => kind !== null)
  const named = all.filter(({ name }) => name === given)
  const found = named.length > 0 ? named : all.filter(({ id }) => holding.includes(id))
  if (found.length === 1) return found[0]!
  if (found.length > 1) throw usageError(`"${given}" may be ${found.map(({ id }) => id).join(' or ')}: give more of it`)
  const meant = nearest(given, [...ids, ...all.map(({ name }) => name).filter((name) => name !== '')])
  throw usageError(`there is no kind "${given}": ${meant ? `did you mean "${meant}"?` : './toolwright kinds list shows them'}`)
}

/** `KIND` or `KIND@N`, as tools are written. */
export function readToolName(given: string): { kind: string; version: number | null } {
  const match = /^(.+?)(?:@(\d{1,6}))?$/s.exec(given)
  if (match === null || match[2] === '0')
    throw usageError(`"${given}" is no tool: it looks like k-sort-words-1a2b3c or k-sort-words-1a2b3c@2`)
  return { kind: match[1]!, version: match[2] === undefined ? null : Number(match[2]) }
}
