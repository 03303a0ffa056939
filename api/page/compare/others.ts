import type { Compared } from '../answers.js'
import { differs } from './trace.js'

export interface Worst {
  names: string[]
  milli: number
  kwh: string | null
}

/** Who is furthest from us, by more than a tenth of a percent and a watt-hour; those who agree with each other together. */
export const worstOf = ({ ours, others }: Pick<Compared, 'ours' | 'others'>): Worst | null => {
  const off = ({ milli }: { milli: number }) => Math.abs(milli - ours.milli)
  const [first] = [...others].sort((a, b) => off(b) - off(a))
  if (first === undefined || !differs(first.milli, ours.milli)) return null
  const { milli, kwh } = first
  return { names: others.filter((other) => other.milli === milli).map(({ name }) => name), milli, kwh }
}

/** "A, B and C". */
export const listed = (parts: readonly string[]): string => parts.join(', ').replace(/, ([^,]*)$/, ' and $1')

/** "at 14:02:10 and 13:58:10 it said 0.000 kWh", the newest first, at most `most` of them. */
export const dipsText = (dips: Compared['dips'], timeOf: (at: string) => string, most: number): string => {
  const said = new Map<string, string[]>()
  for (const { at, value, unit } of dips.slice(0, most)) {
    const figure = `${value} ${unit}`
    said.set(figure, [...(said.get(figure) ?? []), timeOf(at)])
  }
  const more = dips.length > most ? ', and it had done so before' : ''
  return `${[...said].map(([figure, times]) => `at ${listed(times)} it said ${figure}`).join(', ')}${more}`
}
