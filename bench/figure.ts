/** One line of the report: a figure, what it should be, and what stands beside it in the same run. */
export interface Figure {
  /** Heading it stands under. */
  part: string
  what: string
  value: number
  unit: string
  aim?: { least?: number; most?: number }
  peer?: Peer
  /** Said below the table when the aim is missed, or always when there is no aim. */
  note?: string
}

/** What the figure is held against; `value` in the figure's own unit. */
export interface Peer {
  name: string
  value: number
}

export const meetsAim = ({ value, aim }: Figure): boolean | null => {
  if (aim === undefined) return null
  return value >= (aim.least ?? Number.NEGATIVE_INFINITY) && value <= (aim.most ?? Number.POSITIVE_INFINITY)
}

export const median = (figures: readonly number[]): number => {
  const sorted = [...figures].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

export const percentile = (times: readonly number[], share: number): number =>
  [...times].sort((a, b) => a - b)[Math.min(times.length - 1, Math.ceil(times.length * share) - 1)]

/** 3 significant digits, thousands apart. */
export const shown = (value: number): string => {
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 1e-9))))
  const rounded =
    digits > 0
      ? value.toFixed(Math.min(digits, 3))
      : String(
          Math.round(value / 10 ** Math.max(0, Math.floor(Math.log10(value)) - 2)) * 10 ** Math.max(0, Math.floor(Math.log10(value)) - 2)
        )
  const [whole, fraction] = rounded.split('.')
  return whole.replace(/\B(?=(\d{3})+$)/g, ' ') + (fraction === undefined ? '' : `.${fraction}`)
}
