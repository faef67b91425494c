import { mistake, type Player } from './mistake.ts'
import { familyOfAll, type Known, type Recognise } from './recognise.ts'
import type { Understood } from './understand.ts'

/** The number of the group whose requests are of the new request's family, 0 where there is none. */
export function judge(
  player: Player,
  { groups, text }: Understood & { asked: 'judge' },
  known: Known | null,
  recognise: Recognise,
): number {
  const fitting = known ? groups.find((group) => familyOfAll(group.texts, recognise)?.name === known.family.name) : undefined
  const right = fitting?.number ?? 0
  const slip = mistake(player, 'judge', known?.family.name ?? '', JSON.stringify([groups, text]))
  if (!slip) return right
  const others = groups.map((group) => group.number).filter((number) => number !== right)
  if (others.length === 0 || (right !== 0 && slip.chance(0.5))) return 0
  return slip.pick(others)
}
