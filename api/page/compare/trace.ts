import type { Rules } from '../answers.js'

type Reading = Rules['traces'][number]['readings'][number]

/** A drawn reading; x and y from 0 to 1, y upwards. */
export interface Dot {
  x: number
  y: number
  device: string
}

/**
 * The readings as a picture: by order and not by time, for what matters is what follows what. Between readings of one value only the
 * first and the last are drawn.
 */
export const dotsOf = (readings: readonly Reading[]): Dot[] => {
  const kept = readings.filter(({ kwh }, i) => kwh !== readings[i - 1]?.kwh || kwh !== readings[i + 1]?.kwh)
  const values = kept.map(({ kwh }) => Number(kwh))
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const size = high - low || 1
  return kept.map(({ device }, i) => ({
    x: kept.length === 1 ? 0.5 : i / (kept.length - 1),
    y: high === low ? 0.5 : (values[i] - low) / size,
    device
  }))
}

/** The readings in words: "3.737, 0.000, 3.746, 3.756"; of very many the first and the last. */
export const readingsText = (readings: readonly Reading[]): string => {
  const texts = readings.map(({ kwh, device }, i) => (i > 0 && device !== readings[i - 1].device ? `new meter ${kwh}` : kwh))
  return texts.length > 6 ? `${texts.slice(0, 3).join(', ')} … ${texts.at(-1)}` : texts.join(', ')
}

/** Whether two figures would make two bills: more than a tenth of a percent apart, and more than a watt-hour. */
export const differs = (a: number, b: number): boolean => Math.abs(a - b) > Math.max(1000, Math.abs(b) / 1000)

/** "0.019000" → "0.019": as many decimals as say something. */
export const plain = (kwh: string): string => {
  const [whole, fraction = ''] = kwh.split('.')
  const said = fraction.replace(/0+$/, '')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ' ')
  return (said === '' ? grouped : `${grouped}.${said}`).replace('-', '−')
}
