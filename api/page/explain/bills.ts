import type { Compared } from '../answers.js'
import { amountText } from '../format.js'

/** Differences below this share are roundings, not another opinion. */
const ALIKE = 0.001

/** "Home Assistant and emonCMS would bill 3.756 kWh here." By amount, so that those who agree are named together. */
export const sentencesOf = ({ unit, ours, others }: Compared): string[] => {
  const byAmount = new Map<number, string[]>()
  for (const { name, milli } of others)
    if (Math.abs(milli - ours.milli) > Math.max(Math.abs(ours.milli) * ALIKE, 1))
      byAmount.set(milli, [...(byAmount.get(milli) ?? []), name])
  return [...byAmount].map(([milli, names]) => `${listed(names)} would bill ${amountText(milli, unit)} here.`)
}

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names[names.length - 1]}`
