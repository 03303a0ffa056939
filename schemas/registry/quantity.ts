import { unitRule } from '../units.js'

/**
 * Quantities as people write them (`10000 kWh`, `9.2 kW`, `2.5 m3/h`, `8 s`), as integers in thousandths of the ledger's unit.
 * Exact or refused: a figure that thousandths cannot hold is the writer's to round, not ours.
 */
export interface Quantity {
  /** Thousandths of `unit`, or of `unit` per hour. */
  milli: number
  /** The ledger's unit; empty for `units`, which says: whatever the register counts in. */
  unit: string
}

export interface Wrong {
  wrong: string
  mend: string
}

interface Scale {
  unit: string
  num: bigint
  den: bigint
}

const MORE: Record<string, { unit: string; num: number; den: number }> = {
  MWh: { unit: 'Wh', num: 1_000_000_000, den: 1 },
  GWh: { unit: 'Wh', num: 1_000_000_000_000, den: 1 },
  Mvarh: { unit: 'varh', num: 1_000_000_000, den: 1 },
  kVAh: { unit: 'VAh', num: 1_000_000, den: 1 },
  MVAh: { unit: 'VAh', num: 1_000_000_000, den: 1 },
  'm³': { unit: 'L', num: 1_000_000, den: 1 },
  l: { unit: 'L', num: 1000, den: 1 },
  kg: { unit: 'g', num: 1_000_000, den: 1 },
  t: { unit: 'g', num: 1_000_000_000, den: 1 },
  unit: { unit: '', num: 1000, den: 1 },
  units: { unit: '', num: 1000, den: 1 }
}

const amountScale = (name: string): Scale | null => {
  const rule = MORE[name] ?? unitRule(name)
  return rule && { unit: rule.unit, num: BigInt(rule.num), den: BigInt(rule.den) }
}

/** Slices of an hour: how many of them make one, as num / den. */
const PER_HOUR: Record<string, [bigint, bigint]> = { h: [1n, 1n], min: [60n, 1n], s: [3600n, 1n], d: [1n, 24n] }

const rateScale = (name: string): Scale | null => {
  if (/^[kMG]?(W|var|VA)$/.test(name)) return amountScale(`${name}h`)
  const [amount, time, more] = name.split('/')
  const scale = amountScale(amount)
  const per = PER_HOUR[time ?? '']
  if (!scale || !per || more !== undefined) return null
  return { unit: scale.unit, num: scale.num * per[0], den: scale.den * per[1] }
}

const NUMBER = /^(-?)(\d+(?:[ _]\d{3})*)(?:\.(\d+))?\s*([^\s\d.,].*)?$/

const parse = (text: string, scaleOf: (name: string) => Scale | null, example: string, per: string): Quantity | Wrong => {
  const match = NUMBER.exec(text.trim())
  const expected = `Write a number, a space and a unit, such as ${example}; decimals with a point.`
  if (!match) return { wrong: `expected a quantity such as ${example}, found "${text}"`, mend: expected }
  if (!match[4]) return { wrong: `"${text}" has no unit`, mend: expected }
  const scale = scaleOf(match[4].trim())
  if (!scale) return { wrong: `"${match[4].trim()}" is not a unit of this`, mend: expected }
  if (match[1] === '-') return { wrong: `expected no negative quantity, found "${text}"`, mend: '' }
  const fraction = match[3] ?? ''
  const product = BigInt(match[2].replace(/[ _]/g, '') + fraction) * scale.num
  const divisor = 10n ** BigInt(fraction.length) * scale.den
  const milli = product / divisor
  if (milli > BigInt(Number.MAX_SAFE_INTEGER))
    return { wrong: `"${text}" is more than the ledger can count (2^53 thousandths)`, mend: 'Check the unit.' }
  if (product % divisor !== 0n) {
    const unit = scale.unit || 'units'
    return {
      wrong: `"${text}" is not exact in thousandths of ${unit}`,
      mend: `The nearest below is ${trimmed(Number(milli), 3)} ${unit}${per}; write the figure you mean.`
    }
  }
  return { milli: Number(milli), unit: scale.unit }
}

export const parseAmount = (text: string): Quantity | Wrong => parse(text, amountScale, '10000 kWh', '')
export const parseRate = (text: string): Quantity | Wrong => parse(text, rateScale, '9.2 kW or 2.5 m3/h', '/h')

const TIMES: [name: string, ms: number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
  ['ms', 1]
]

/** `300 s`, `15 min`, `24 h` in milliseconds. */
export const parseDuration = (text: string): number | Wrong => {
  const match = /^(\d{1,12})(?:\.(\d{1,6}))?\s*(ms|s|min|h|d)$/.exec(text.trim())
  const wrong = { wrong: `expected a duration such as 300 s, found "${text}"`, mend: 'Write a number and ms, s, min, h or d.' }
  if (!match) return wrong
  const fraction = match[2] ?? ''
  const scaled = Number(match[1] + fraction) * TIMES.find(([name]) => name === match[3])![1]
  const ms = scaled / 10 ** fraction.length
  return Number.isSafeInteger(scaled) && Number.isInteger(ms) ? ms : { ...wrong, wrong: `"${text}" is not a whole number of milliseconds` }
}

export const durationText = (ms: number): string => {
  const [name, size] = TIMES.find(([, size]) => ms % size === 0 && ms >= size) ?? ['s', 1000]
  return `${ms / size} ${name}`
}

/** An integer of 10^-scale units as decimal text, without zeros at the end. */
const trimmed = (value: number, scale: number): string => {
  const digits = String(value).padStart(scale + 1, '0')
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '')
  return digits.slice(0, digits.length - scale) + (fraction ? `.${fraction}` : '')
}

const LARGE: Record<string, string> = { Wh: 'kWh', varh: 'kvarh', VAh: 'kVAh', L: 'm3' }
const POWER: Record<string, string> = { Wh: 'kW', varh: 'kvar', VAh: 'kVA', L: 'm3/h' }

export const amountText = (milli: number, unit: string): string =>
  LARGE[unit] && (milli >= 1_000_000 || milli === 0) ? `${trimmed(milli, 6)} ${LARGE[unit]}` : `${trimmed(milli, 3)} ${unit || 'units'}`

export const rateText = (milli: number, unit: string): string =>
  POWER[unit] ? `${trimmed(milli, 6)} ${POWER[unit]}` : `${trimmed(milli, 3)} ${unit || 'units'}/h`

/** The unit that an OBIS code says by itself (IEC 62056-6-1, group C); empty for plain words. */
export const unitOfRegister = (register: string): string => {
  const group = /^(\d{1,2})\.\d/.exec(register)?.[1]
  if (group === undefined) return ''
  if (group === '1' || group === '2') return 'Wh'
  if (Number(group) >= 3 && Number(group) <= 8) return 'varh'
  return group === '9' || group === '10' ? 'VAh' : ''
}
