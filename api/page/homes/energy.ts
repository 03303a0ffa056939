import type { SeriesColumns } from '../answers.js'
import { exact } from '../chart/totals.js'
import { percent } from '../format.js'

/** Registers of days that the page tells, by what people call them; -1 turns what is counted below zero. */
export const DAY_FIGURES = [
  { register: 'p_cons', name: 'Consumption', sign: 1 },
  { register: 'p_prod', name: 'Production', sign: -1 },
  { register: 'withdrawal', name: 'Withdrawal', sign: 1 },
  { register: 'injection', name: 'Injection', sign: 1 },
  { register: 'p_ve', name: 'Vehicles', sign: 1 }
] as const

/** Of DAY_FIGURES those that are shown: vehicles where there are any, the others unless there is nothing but vehicles. */
export const shownFigures = (days: readonly EnergyDay[]): readonly number[] => {
  const isKnown = (i: number): boolean => days.some(({ figures }) => figures[i] !== NOTHING)
  if (!isKnown(VEHICLES)) return HOUSE
  return HOUSE.some(isKnown) ? [...HOUSE, VEHICLES] : [VEHICLES]
}

const VEHICLES = DAY_FIGURES.findIndex(({ register }) => register === 'p_ve')
const HOUSE = DAY_FIGURES.flatMap((_, i) => (i === VEHICLES ? [] : [i]))
const NOTHING = '–'

/** A day in kWh, or a dash each where nothing is known. */
export interface EnergyDay {
  start: number
  figures: readonly string[]
  /** Of the time that has passed; "" while nothing has. */
  known: string
}

/** Thousandths of kWh are always there, and as many more as any figure of the days has, so that they can be compared. */
const decimalsOf = (all: readonly number[]): number =>
  Math.max(3, ...all.map((milli) => (milli === 0 ? 0 : 6 - (/0*$/.exec(String(milli))?.[0].length ?? 0))))

/** Answers on the grid P1D, one for each of DAY_FIGURES, for days that begin at `starts`; the last ends at `end`. */
export const energyDays = (
  answers: readonly (SeriesColumns['columns'] | null)[],
  starts: readonly number[],
  end: number,
  now: number
): EnergyDay[] => {
  const cell = (figure: number, start: number) => {
    const columns = answers[figure]
    const i = columns?.start.indexOf(start) ?? -1
    if (!columns || i < 0 || columns.coveredMs[i] === 0) return null
    // Minus zero is zero.
    return { milli: DAY_FIGURES[figure].sign * columns.milli[i] + 0, coveredMs: columns.coveredMs[i] }
  }
  const cells = starts.map((start) => DAY_FIGURES.map((_, figure) => cell(figure, start)))
  // What is known is judged by the house, where there is one.
  const judged = cells.some((day) => HOUSE.some((i) => day[i] !== null)) ? HOUSE[0] : VEHICLES
  const decimals = decimalsOf(cells.flat().flatMap((each) => each?.milli ?? []))
  return starts.map((start, day) => {
    const passed = Math.min(starts[day + 1] ?? end, now) - start
    return {
      start,
      figures: cells[day].map((each) => (each === null ? NOTHING : exact(each.milli, 'Wh', decimals))),
      known: passed <= 0 ? '' : percent(Math.min(1, (cells[day][judged]?.coveredMs ?? 0) / passed))
    }
  })
}
