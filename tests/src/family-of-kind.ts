import type { StreamLine } from '@toolwright/families'
import type { ResultLine } from './pipeline.ts'

/** The family that most of a kind's lines are of: what its tool was made for. */
export function familyOfKind(results: ResultLine[], lines: StreamLine[]): Map<string, string> {
  const counts = new Map<string, Map<string, number>>()
  for (const { toolwright } of results) {
    if (toolwright.kind === null) continue
    const ofKind = counts.get(toolwright.kind) ?? new Map<string, number>()
    const { family } = lines[toolwright.seq]!
    counts.set(toolwright.kind, ofKind.set(family, (ofKind.get(family) ?? 0) + 1))
  }
  return new Map([...counts].map(([kind, ofKind]) => [kind, [...ofKind].toSorted((a, b) => b[1] - a[1])[0]![0]]))
}
