import { mulDivRound } from './exact.js'

/** What a source's unit becomes in the ledger: thousandths of `unit`, `num / den` of them to one source unit. */
export interface UnitRule {
  unit: string
  num: number
  den: number
}

/** 1 US gallon = 3.785411784 L and 1 lb = 453.59237 g exactly (NIST Handbook 44, appendix C). */
const RULES: Record<string, UnitRule> = {
  Wh: { unit: 'Wh', num: 1000, den: 1 },
  kWh: { unit: 'Wh', num: 1_000_000, den: 1 },
  /** A watt for a second: 1/3600 Wh. */
  J: { unit: 'Wh', num: 5, den: 18 },
  varh: { unit: 'varh', num: 1000, den: 1 },
  kvarh: { unit: 'varh', num: 1_000_000, den: 1 },
  VAh: { unit: 'VAh', num: 1000, den: 1 },
  mL: { unit: 'L', num: 1, den: 1 },
  L: { unit: 'L', num: 1000, den: 1 },
  m3: { unit: 'L', num: 1_000_000, den: 1 },
  gal: { unit: 'L', num: 3_785_411_784, den: 1_000_000 },
  g: { unit: 'g', num: 1000, den: 1 },
  lb: { unit: 'g', num: 45_359_237, den: 100 },
  s: { unit: 's', num: 1000, den: 1 },
  count: { unit: 'count', num: 1000, den: 1 }
}

export const unitRule = (unit: string): UnitRule | null => RULES[unit] ?? null

/** Multiplier and divisor from a column integer of 10^-scale source units to thousandths of the ledger's unit. */
export const milliRatio = (rule: UnitRule, scale: number): { num: number; den: number } => {
  let { num } = rule
  let den = rule.den
  for (let i = 0; i < scale; i++) {
    if (num % 10 === 0) num /= 10
    else den *= 10
  }
  return { num, den }
}

export const toMilli = (value: number, ratio: { num: number; den: number }): number =>
  ratio.den === 1 && ratio.num === 1 ? value : mulDivRound(value, ratio.num, ratio.den)
