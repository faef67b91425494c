/** By how many standard errors an estimate with so many degrees of freedom may be off on either side, with 95 % confidence: for 1 to 10 of them. */
const FEW = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228]
const Z = 1.959_964

/** The same for any number from 1 on; parts of a degree are left out where there are few, so that the interval is rather too wide (Abramowitz and Stegun 26.7.5 beyond). */
export function studentT95(degrees: number): number {
  const few = FEW[Math.floor(degrees) - 1]
  if (few !== undefined) return few
  return Z + (Z ** 3 + Z) / (4 * degrees) + (5 * Z ** 5 + 16 * Z ** 3 + 3 * Z) / (96 * degrees ** 2)
}
