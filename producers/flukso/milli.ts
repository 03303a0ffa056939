/**
 * Running sums of printed decimals, as whole thousandths. What a device prints is decimal, so the sum is too: it never passes
 * through binary fractions. Deltas with more than three decimals are summed in full and each *sum* is rounded, half away from
 * zero; rounding each delta would drift (3 x 0.50444444 is 1.513, not 3 x 0.504).
 */

/** Largest whole figure whose thousandths stay below 2^53. */
const LARGEST_WHOLE = Math.floor(Number.MAX_SAFE_INTEGER / 1000)

/** From here on neighbouring doubles lie more than 0.001 apart, so a fraction is no longer the one that was printed. */
const LARGEST_FRACTION = 2 ** 43

/** Whether a figure's thousandths are known exactly. */
export const isExact = (figure: number): boolean => {
  const size = Math.abs(figure)
  return size <= LARGEST_WHOLE && (size < LARGEST_FRACTION || Number.isInteger(figure))
}

/** In thousandths, or null when the figure has more than three decimals. The division finds the double nearest to the decimal again. */
const wholeMilli = (figure: number): number | null => {
  if (Number.isInteger(figure)) return figure * 1000 + 0
  const milli = Math.round(figure * 1000)
  return milli / 1000 === figure ? milli : null
}

interface Decimal {
  digits: bigint
  /** Digits behind the point. */
  scale: number
}

/** The digits JavaScript prints are the shortest that name the double, so up to 15 significant ones are the device's own. */
const decimal = (figure: number): Decimal => {
  const [mantissa, exponent = '0'] = String(figure).split('e')
  const [whole, fraction = ''] = mantissa.split('.')
  return { digits: BigInt(whole + fraction), scale: fraction.length - Number(exponent) }
}

const at = ({ digits, scale }: Decimal, wanted: number): bigint => digits * 10n ** BigInt(wanted - scale)

const divideRound = (value: bigint, by: bigint): number => {
  const rest = value % by
  const away = (rest < 0n ? -rest : rest) * 2n >= by
  return Number(value / by + (away ? (value < 0n ? -1n : 1n) : 0n))
}

/** One figure in thousandths, rounded. */
export const roundMilli = (figure: number): number => {
  const milli = wholeMilli(figure)
  if (milli !== null) return milli
  const exact = decimal(figure)
  const scale = Math.max(exact.scale, 3)
  return divideRound(at(exact, scale), 10n ** BigInt(scale - 3))
}

const wholeSums = (head: number, deltas: readonly number[]): number[] | null => {
  let sum = wholeMilli(head)
  if (sum === null) return null
  const sums = new Array<number>(deltas.length)
  for (let i = 0; i < deltas.length; i++) {
    const milli = wholeMilli(deltas[i])
    if (milli === null) return null
    sums[i] = sum += milli
  }
  return sums
}

const decimalSums = (head: number, deltas: readonly number[]): number[] => {
  const figures = deltas.map(decimal)
  const start = decimal(head)
  const scale = figures.reduce((most, figure) => Math.max(most, figure.scale), Math.max(start.scale, 3))
  const unit = 10n ** BigInt(scale - 3)
  let sum = at(start, scale)
  return figures.map((figure) => {
    sum += at(figure, scale)
    return divideRound(sum, unit)
  })
}

/** head + deltas[0], head + deltas[0] + deltas[1] …, in thousandths; null when one passes 2^53. Every figure `isExact`. */
export const runningMilli = (head: number, deltas: readonly number[]): number[] | null => {
  const sums = wholeSums(head, deltas) ?? decimalSums(head, deltas)
  for (const sum of sums) if (sum > Number.MAX_SAFE_INTEGER || sum < -Number.MAX_SAFE_INTEGER) return null
  return sums
}
