import { percent } from '../format.js'

/** The answer of /v1/explain for an installation, as far as the page tells it. `kwh`: exact decimals, millionths of Wh. */
export interface Why {
  sum: { milli: number }
  made: MadePart[]
  revisions: { rev: number; knownAt: string; milli: number; quality: string }[]
}

/** As long as it was made of the same sensors. */
export interface MadePart {
  from: string
  validFrom: string | null
  slots: number
  whole: number
  members: { point: string; register: string; label: string; factor: number; kwh: string; leftKwh: string }[]
  others: { members: number; kwh: string } | null
}

/** "1.347500000" → "1.3475 kWh": three decimals, and more where there are. */
export const kwhText = (kwh: string): string => `${kwh.replace(/(\.\d{3}\d*?)0+$/, '$1')} kWh`

/** What people call it, and the first digits of its id. */
export const memberText = ({ point, label }: Pick<MadePart['members'][number], 'point' | 'label'>): string => {
  const id = point.slice(point.indexOf('/') + 1)
  return label === '' ? id : `${label} (${id.slice(0, 8)})`
}

export const madeText = ({ validFrom, slots, whole }: MadePart, zone: string): string => {
  const since = validFrom === null ? 'Made of these from the beginning.' : `Made of these since ${validFrom} (${zone}).`
  if (whole === slots) return `${since} All of them are known all the time.`
  return `${since} All of them are known ${percent(whole / slots)} of the time; only that counts.`
}
