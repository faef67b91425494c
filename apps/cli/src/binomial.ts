/** P(X >= successes) for X binomial over `trials` at `share`: the sum of the exact probabilities. */
export function upperTail(successes: number, trials: number, share: number): number {
  if (successes <= 0) return 1
  if (successes > trials || share === 0) return 0
  if (share === 1) return 1
  let sum = 0
  for (let count = trials; count >= successes; count--) sum += Math.exp(logProbability(count, trials, share))
  return Math.min(1, sum)
}

/** P(X <= successes). */
export function lowerTail(successes: number, trials: number, share: number): number {
  return upperTail(trials - successes, trials, 1 - share)
}

/**
 * The exact interval (Clopper and Pearson, Biometrika 26, 1934) of the share behind `successes` of `trials`: what is outside would give a count this far off less often
 * than (1 - level) / 2 on its side. Each end is found by bisecting the exact tail, which grows with the share.
 */
export function exactInterval(successes: number, trials: number, level: number): { low: number; high: number } {
  const alpha = (1 - level) / 2
  const low = successes === 0 ? 0 : bisect((share) => upperTail(successes, trials, share) > alpha)
  const high = successes === trials ? 1 : bisect((share) => lowerTail(successes, trials, share) <= alpha)
  return { low, high }
}

/** The least share of [0, 1] at which `holds`, which holds from there on. */
function bisect(holds: (share: number) => boolean): number {
  let below = 0
  let above = 1
  for (let step = 0; step < 60; step++) {
    const middle = (below + above) / 2
    if (holds(middle)) above = middle
    else below = middle
  }
  return above
}

function logProbability(count: number, trials: number, share: number): number {
  return logChoose(trials, count) + count * Math.log(share) + (trials - count) * Math.log1p(-share)
}

function logChoose(trials: number, count: number): number {
  let sum = 0
  for (let at = 1; at <= Math.min(count, trials - count); at++) sum += Math.log((trials - Math.min(count, trials - count) + at) / at)
  return sum
}
