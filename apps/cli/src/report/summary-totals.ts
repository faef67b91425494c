import { nanoOfUsd } from '@toolwright/contracts'
import { z } from 'zod'
import type { Money } from './money.ts'
import type { Totals } from './figures.ts'

const MoneyText = z
  .object({ usd: z.string().nullable(), known_usd: z.string().optional(), unknown_parts: z.int().optional() })
  .transform(({ usd, known_usd: known, unknown_parts: unknown }): Money => ({
    nano: nanoOfUsd(usd ?? known ?? '') ?? 0,
    unknown: unknown ?? 0,
  }))

const TierText = z.object({ lines: z.int(), targets: z.int(), right: z.int(), cost: MoneyText })

const Summary = z.object({
  answered: z.int(),
  failed: z.int(),
  duplicates: z.int().default(0),
  tiers: z.object({ extracted: TierText, called: TierText, direct: TierText }),
  baseline: z.intersection(MoneyText, z.object({ assumed_lines: z.int() })),
})

/** What a finished run's summary says of its results; null where there is none. */
export function totalsOfSummary(summary: unknown): Totals | null {
  const parsed = Summary.safeParse(summary)
  if (!parsed.success) return null
  const { baseline, ...totals } = parsed.data
  return { ...totals, baseline: { nano: baseline.nano, unknown: baseline.unknown, assumed: baseline.assumed_lines } }
}
