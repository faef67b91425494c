import { addSpent } from '@toolwright/answering'
import type { Line } from '@toolwright/contracts'
import type { Registry } from '@toolwright/registry'

/** The kept replies of a line's turns with a version. */
export function callFields({ seq }: Line, version: number): string[] {
  return [1, 2].map((turn) => `${callField(seq, version)}:${turn}`)
}

/** What the field of each turn begins with. */
export function callField(seq: number, version: number): string {
  return `${seq}:call:${version}`
}

/** The line, with what its turns with a version cost added to what was spent on it before: for a line that leaves the version, once. */
export async function withCallsSpent({ money }: Registry, run: string, line: Line, version: number): Promise<Line> {
  const spent = await money.spent(run, callFields(line, version))
  return spent.costNano === 0 && spent.promptTokens === 0 && spent.outputTokens === 0 ? line : addSpent(line, spent)
}
