import type { Random } from '@toolwright/families'

const VIEWS = [
  'I would say yes',
  'I would rather not',
  'It depends',
  'On balance I am in favour',
  'On balance I am against it',
  'I can see both sides',
  'Mostly yes',
  'Mostly no',
]
const REASONS = [
  'habits are harder to change than plans',
  'most people judge by what they see first',
  'the simple way tends to last',
  'small things add up over the years',
  'nobody can know the outcome beforehand',
  'the good cases outweigh the bad ones',
  'what suits one person wearies another',
  'time is worth more than money here',
  'quality shows only after a while',
  'it brings people together',
]
const CLOSINGS = [
  '',
  ' That is only my view, though.',
  ' Others will see it differently.',
  ' I could be talked out of it.',
  ' I would think again in a year.',
]

/** One of several hundred sentences of the kind that no two samples repeat. */
export function createOpinion(random: Random): string {
  return `${random.pick(VIEWS)}: ${random.pick(REASONS)}, and ${random.pick(REASONS)}.${random.pick(CLOSINGS)}`
}
