/** An exact decimal: `digits` / 10^`scale`. */
export interface Decimal {
  digits: bigint
  scale: number
}

/** Reads `12`, `0.15` or `1.5e-7`. A number is read by its shortest decimal text, which is what its author wrote. Undefined for anything else, negatives too. */
export function parseDecimal(text: string | number): Decimal | undefined {
  const [, whole, fraction = '', exponent = '0'] = /^(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/.exec(String(text).trim()) ?? []
  if (whole === undefined) return undefined
  const digits = BigInt(whole + fraction)
  const scale = fraction.length - Number(exponent)
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 }
}

export function product(one: Decimal, other: Decimal): Decimal {
  return { digits: one.digits * other.digits, scale: one.scale + other.scale }
}

/** The sum of count x price, times 10^`shift`, rounded up once at the end. */
export function sumRoundedUp(terms: { count: number; price: Decimal }[], shift: number): bigint {
  const scale = Math.max(shift, ...terms.map(({ price }) => price.scale))
  let sum = 0n
  for (const { count, price } of terms) sum += BigInt(count) * price.digits * 10n ** BigInt(scale - price.scale)
  const unit = 10n ** BigInt(scale - shift)
  return (sum + unit - 1n) / unit
}
