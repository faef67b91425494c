/** Standard errors on each side that leave out 5 %. */
const Z = 1.96

/** The 95 % interval of the share behind `successes` of `trials` (E. B. Wilson, JASA 22, 1927). */
export function shareInterval(successes: number, trials: number): { low: number; high: number } {
  const share = successes / trials
  const middle = share + Z ** 2 / (2 * trials)
  const half = Z * Math.sqrt((share * (1 - share)) / trials + Z ** 2 / (4 * trials ** 2))
  const scale = 1 + Z ** 2 / trials
  return { low: Math.max(0, (middle - half) / scale), high: Math.min(1, (middle + half) / scale) }
}
