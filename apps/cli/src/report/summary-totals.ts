import { nanoOfUsd } from '@toolwright/contracts'
import { z } from 'zod'
import type { Money } from './money.ts'
import type { Totals } from './figures.ts'
import type { Estimates } from './read-run.ts'

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

const Estimated = z.object({
  baseline: z.intersection(
    MoneyText,
    z.object({
      interval: z.object({ high_usd: z.string(), observations: z.int(), estimated_lines: z.int(), lines_without: z.int() }).nullable(),
    }),
  ),
  light_baseline: z.object({ usd: z.string().nullable() }),
})

/** What a finished run's summary says of how its baseline was estimated; null where there is none, or an older version wrote it. */
export function estimatesOfSummary(summary: unknown): Estimates | null {
  const parsed = Estimated.safeParse(summary)
  if (!parsed.success) return null
  const { baseline, light_baseline: light } = parsed.data
  const { interval } = baseline
  return {
    atLightNano: light.usd === null ? null : nanoOfUsd(light.usd),
    spread:
      interval === null
        ? { plusMinusNano: null, observations: 0, covered: 0, uncovered: 0 }
        : {
            plusMinusNano: (nanoOfUsd(interval.high_usd) ?? 0) - baseline.nano,
            observations: interval.observations,
            covered: interval.estimated_lines,
            uncovered: interval.lines_without,
          },
  }
}
