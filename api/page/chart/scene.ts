import { isEnergy } from '../format.js'
import { type Bar, type Expected, type State, stateOf, wattsOf } from './bars.js'
import { type Grid, isFine } from './grid.js'
import type { Range } from './range.js'

/** What a scene says of its axes: UTC ms, and axis units. */
export interface Extent {
  range: Range
  low: number
  high: number
}

/** What is drawn, in the units of its axis. */
export interface Scene extends Extent {
  grid: Grid
  bars: readonly Bar[]
  states: readonly State[]
  /** Height of each bar, and of what it may be at most, in axis units. */
  values: Float64Array
  /** Steps of mean power; otherwise bars of energy. */
  steps: boolean
  gaps: readonly Range[]
  /** `kWh`, `W` …, and what one of it is in Wh/1000 or W. */
  unit: string
  factor: number
  exported: boolean
  now: number
  /** Start of the bar that is pointed at with the keyboard or explained; null for none. */
  chosen: number | null
  changed: ReadonlySet<number>
}

/** The unit in which the largest figure has one to three digits before its point. */
const scaled = (size: number, unit: string, steps: boolean): { unit: string; factor: number } => {
  if (!isEnergy(unit)) return { unit, factor: 1000 }
  const name = steps ? unit.slice(0, -1) : unit
  const one = steps ? 1 : 1000
  if (size >= one * 1e6) return { unit: `M${name}`, factor: one * 1e6 }
  return size >= one * 1000 ? { unit: `k${name}`, factor: one * 1000 } : { unit: name, factor: one }
}

const highestOf = ({ unknown, milli, start, end }: Bar, steps: boolean): number => {
  const most = unknown?.high ?? milli
  return steps ? (most * 3600) / (end - start) : most
}

export interface Given {
  range: Range
  grid: Grid
  unit: string
  bars: readonly Bar[]
  gaps: readonly Range[]
  exported: boolean
  expected: Expected
  chosen: number | null
  changed: ReadonlySet<number>
}

export const sceneOf = ({ unit, expected, ...given }: Given): Scene => {
  const { bars, grid } = given
  const steps = isFine(grid) && isEnergy(unit)
  let least = 0
  let most = 0
  const values = new Float64Array(bars.length)
  for (const [i, bar] of bars.entries()) {
    values[i] = steps ? wattsOf(bar) : bar.milli
    least = Math.min(least, values[i])
    most = Math.max(most, values[i], bar.unknown ? highestOf(bar, steps) : 0)
  }
  const scale = scaled(Math.max(most, -least), unit, steps)
  for (let i = 0; i < values.length; i++) values[i] /= scale.factor
  // An empty or a silent day has an axis too.
  const size = most - least || scale.factor
  return {
    ...given,
    ...scale,
    now: expected.now,
    steps,
    values,
    states: bars.map((bar) => stateOf(bar, expected)),
    low: least === 0 ? 0 : (least - size * 0.08) / scale.factor,
    high: (most === 0 && least < 0 ? size * 0.08 : most === 0 ? size : most + size * 0.08) / scale.factor
  }
}

/** The most that an unknown bar may be, in axis units; null: nobody knows. */
export const mostOf = ({ factor, steps }: Scene, bar: Bar): number | null =>
  bar.unknown === null || bar.unknown.high === null ? null : highestOf(bar, steps) / factor

/** Columns of pixels for bars thinner than one: none is dropped, and a single peak or hole of a year stays to be seen. */
export interface Column {
  /** Mean and highest value of the bars in it. */
  mean: number
  high: number
  low: number
  state: State
}

const WORST: State[] = ['measured', 'estimated', 'unknown', 'partial', 'none']

export const columnsOf = (
  { bars, values, states }: Pick<Scene, 'bars' | 'values' | 'states'>,
  { from, to }: Range,
  count: number
): (Column | null)[] => {
  const columns: (Column | null)[] = new Array(count).fill(null)
  const sums = new Float64Array(count)
  const lengths = new Float64Array(count)
  const perMs = count / (to - from)
  for (let i = 0; i < bars.length; i++) {
    const { start, end } = bars[i]
    const first = Math.max(0, Math.floor((start - from) * perMs))
    const last = Math.min(count - 1, Math.ceil((end - from) * perMs) - 1)
    for (let at = first; at <= last; at++) {
      const column = columns[at]
      sums[at] += values[i] * (end - start)
      lengths[at] += end - start
      if (column === null) columns[at] = { mean: 0, high: values[i], low: values[i], state: states[i] }
      else {
        if (values[i] > column.high) column.high = values[i]
        if (values[i] < column.low) column.low = values[i]
        if (WORST.indexOf(states[i]) > WORST.indexOf(column.state)) column.state = states[i]
      }
    }
  }
  for (const [at, column] of columns.entries()) if (column) column.mean = sums[at] / lengths[at]
  return columns
}
