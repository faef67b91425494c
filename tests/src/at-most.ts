/** The most successes of `trials` at `share` that chance can be blamed for: more come up less often than once in a thousand times (exact binomial tail). */
export function atMost(trials: number, share: number): number {
  let probability = (1 - share) ** trials
  let sum = probability
  for (let count = 0; count < trials; count++) {
    if (sum >= 0.999) return count
    probability *= ((trials - count) / (count + 1)) * (share / (1 - share))
    sum += probability
  }
  return trials
}
