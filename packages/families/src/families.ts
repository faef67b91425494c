import { everydayFamilies } from './everyday.ts'
import type { Family, Recognised } from './family.ts'
import { dyckDepth } from './near-miss/dyck-depth.ts'
import { scheduleLatest } from './near-miss/schedule-latest.ts'
import { wordSortingReverse } from './near-miss/word-sorting-reverse.ts'
import { crt } from './paper/crt.ts'
import { dyck } from './paper/dyck.ts'
import { logicalDeduction } from './paper/logical-deduction.ts'
import { schedule } from './paper/schedule.ts'
import { tracking } from './paper/tracking.ts'
import { wordSorting } from './paper/word-sorting.ts'
import { untoolableFamilies } from './untoolable.ts'

export const families: readonly Family[] = [
  logicalDeduction,
  tracking,
  dyck,
  wordSorting,
  crt,
  schedule,
  dyckDepth,
  wordSortingReverse,
  scheduleLatest,
  ...everydayFamilies,
  ...untoolableFamilies,
]

export function familyNamed(name: string): Family | null {
  return families.find((family) => family.name === name) ?? null
}

/** The family that a text belongs to; no text belongs to two. */
export function recognise(text: string): ({ family: Family } & Recognised) | null {
  for (const family of families) {
    const recognised = family.recognise(text)
    if (recognised) return { family, ...recognised }
  }
  return null
}
