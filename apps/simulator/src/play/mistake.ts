import type { Role } from '@toolwright/contracts'
import { seededRandom, type Random } from '@toolwright/families'
import type { Asked, Settings } from '../settings.ts'

/** Who plays: all that a reply depends on besides the messages. */
export interface Player {
  settings: Settings
  role: Role
  /** The call's `seed`, and which of its choices is being made. */
  seed: string
}

/**
 * Null where the model gets this right; else the randomness to make the mistake with. `about` is what the messages ask about.
 * A share of the mistakes (`correlation`) does not depend on the call's seed, so that samples can agree on a wrong answer.
 */
export function mistake(player: Player, asked: Asked, family: string, about: string): Random | null {
  const { settings, role } = player
  const wrongness = settings.wrongness[role][asked]
  const share = wrongness.families[family] ?? wrongness.otherwise
  const stuckShare = share * settings.correlation
  const stuck = seededRandom(settings.seed, 'stuck', role, asked, about)
  if (stuck.chance(stuckShare)) return stuck
  const fresh = seededRandom(settings.seed, 'fresh', role, asked, about, player.seed)
  return stuckShare < 1 && fresh.chance((share - stuckShare) / (1 - stuckShare)) ? fresh : null
}
