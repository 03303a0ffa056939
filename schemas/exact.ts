/**
 * Integer arithmetic that stays exact. Energy is a whole number of milli-units below 2^53; products that would pass it go through BigInt.
 */

/** a × b / c, rounded half away from zero. `c` is positive. */
export const mulDivRound = (a: number, b: number, c: number): number => {
  const product = a * b
  if (product > Number.MAX_SAFE_INTEGER || product < -Number.MAX_SAFE_INTEGER) return mulDivRoundBig(a, b, c)
  const rest = product % c
  const whole = (product - rest) / c
  if (rest === 0) return whole + 0
  return (rest < 0 ? -rest : rest) * 2 >= c ? whole + (product < 0 ? -1 : 1) : whole + 0
}

const mulDivRoundBig = (a: number, b: number, c: number): number => {
  const product = BigInt(a) * BigInt(b)
  const divisor = BigInt(c)
  const rest = product % divisor
  const whole = product / divisor
  const away = (rest < 0n ? -rest : rest) * 2n >= divisor
  return Number(away ? whole + (product < 0n ? -1n : 1n) : whole)
}

/** Cumulative share C(x) of `total` over [start, end) at x; parts are differences of two, so they sum to the whole (RULES §1.8). */
export const share = (total: number, start: number, end: number, x: number): number => {
  if (x <= start) return 0
  if (x >= end) return total
  return mulDivRound(total, x - start, end - start)
}

/** A positive or negative fraction of two integers. */
export interface Ratio {
  num: number
  den: number
}

/** Reads `40`, `-1`, `0.45` or `5/3`; null when it is none of these or too large to be exact. */
export const parseRatio = (text: string): Ratio | null => {
  const fraction = /^(-?\d+)\/(\d+)$/.exec(text)
  const decimal = /^(-?)(\d*)(?:\.(\d+))?$/.exec(text)
  let ratio: Ratio | null = null
  if (fraction) ratio = { num: Number(fraction[1]), den: Number(fraction[2]) }
  else if (decimal && (decimal[2] !== '' || decimal[3])) {
    const digits = decimal[3] ?? ''
    ratio = { num: Number(`${decimal[1]}${decimal[2]}${digits}`), den: 10 ** digits.length }
  }
  if (!ratio || ratio.den === 0 || !Number.isSafeInteger(ratio.num) || !Number.isSafeInteger(ratio.den)) return null
  const divisor = gcd(Math.max(ratio.num, -ratio.num), ratio.den)
  return { num: ratio.num / divisor + 0, den: ratio.den / divisor }
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))

/**
 * A decimal text as an integer of 10^-scale units, or null when it is not a plain decimal, has more digits than `scale`
 * can show, or passes 2^53.
 */
export const parseDecimal = (text: string, scale: number): number | null => {
  const match = /^([+-]?)(\d+)(?:\.(\d*))?$/.exec(text)
  if (!match) return null
  const fraction = match[3] ?? ''
  if (fraction.length > scale && /[1-9]/.test(fraction.slice(scale))) return null
  const value = Number(`${match[2]}${fraction.slice(0, scale).padEnd(scale, '0')}`)
  if (!Number.isSafeInteger(value)) return null
  return match[1] === '-' ? 0 - value : value
}

/** Largest figure of the ledger: columns write differences, and those of any two must stay below 2^53. */
export const LARGEST = 2 ** 52

/** A figure beyond (a factor mistyped by many digits, say) stands there: what cannot be written would stop everything behind it. */
export const writable = (milli: number): number => (milli > LARGEST ? LARGEST : milli < -LARGEST ? -LARGEST : milli)
