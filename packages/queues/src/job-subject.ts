import { isObject } from '@toolwright/contracts'
import type { JobSubject } from '@toolwright/runtime'

/** What a job says that it is about, for logs and traces. Of a job as it came, which may fit no schema. */
export function subjectOf(data: unknown): JobSubject {
  if (!isObject(data)) return {}
  const kind = textOf(data['kind'])
  const version = data['version']
  const tool = kind !== undefined && typeof version === 'number' ? `${kind}@${version}` : textOf(data['tool'])
  return { run: textOf(data['run']), kind, tool, stage: textOf(data['stage']) }
}

/** Lines, calls or results that a job carries; null where it is about something else. */
export function linesIn(data: unknown): number | null {
  if (!isObject(data)) return null
  const carried = [data['lines'], data['calls'], data['results']].find(Array.isArray)
  return carried === undefined ? null : carried.length
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
