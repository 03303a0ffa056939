import { useEffect, useMemo, useState } from 'preact/hooks'
import type { Home } from '../answers.js'
import { dateText } from '../gaps/month.js'
import { now } from '../live.js'
import { look } from '../route.js'
import { columnsOf } from './curve-data.js'
import { DayWhy } from './DayWhy.js'
import { type Day, movedDay, rangeOfDay } from './day.js'
import { DAY_FIGURES, type EnergyDay, energyDays, shownFigures } from './energy.js'

/** Days that stand together, the one looked at last. */
const DAYS = 7
const MINUTE_MS = 60_000

/** kWh of the day, to the last digit, and of the days before it. */
export const DayEnergy = ({ home: { id, point, zone }, day, live }: { home: Home; day: Day; live: boolean }) => {
  const [told, setTold] = useState<{ day: Day; days: EnergyDay[] } | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  /** Which of DAY_FIGURES is explained. */
  const [why, setWhy] = useState<number | null>(null)
  const dates = useMemo(() => Array.from({ length: DAYS }, (_, i) => movedDay(day, i - DAYS + 1)), [day])
  const minute = live ? Math.floor(now.value / MINUTE_MS) : 0
  useEffect(() => {
    const stop = new AbortController()
    const range = { from: rangeOfDay(dates[0], zone).from, to: rangeOfDay(day, zone).to }
    const starts = dates.map((date) => rangeOfDay(date, zone).from)
    Promise.all(DAY_FIGURES.map(({ register }) => columnsOf(point, register, range, 'P1D', stop.signal))).then(
      (answers) => {
        setTold({ day, days: energyDays(answers, starts, range.to, now.peek()) })
        setProblem(null)
      },
      (error: Error) => {
        if (!stop.signal.aborted) setProblem(error.message)
      }
    )
    return () => stop.abort()
  }, [point, zone, day, minute])
  if (problem !== null) return <p class="notice bad">{problem}</p>
  const today = told?.day === day ? told.days[DAYS - 1] : null
  if (told === null || today === null) return <p class="small muted">Adding up the day …</p>
  return (
    <>
      <dl class="day-figures" data-testid={`energy ${id}`}>
        {shownFigures(told.days).map((i) => (
          <div key={i}>
            <dt class="small muted">{DAY_FIGURES[i].name}</dt>
            <dd class="figure">{today.figures[i]}</dd>
            {today.known !== '' && (
              <dd>
                <button
                  type="button"
                  class="as-link small"
                  aria-expanded={why === i}
                  aria-label={`Why this ${DAY_FIGURES[i].name.toLowerCase()}?`}
                  onClick={() => setWhy(why === i ? null : i)}
                >
                  Why?
                </button>
              </dd>
            )}
          </div>
        ))}
      </dl>
      {why !== null && <DayWhy key={`${why} ${today.start}`} point={point} zone={zone} figure={DAY_FIGURES[why]} start={today.start} />}
      <details class="small">
        <summary>
          {today.known !== '' && `${today.known} of the day${live ? ' so far' : ''} is known. `}
          <span class="muted">The days before</span>
        </summary>
        <Days days={told.days} dates={dates} />
      </details>
    </>
  )
}

const Days = ({ days, dates }: { days: readonly EnergyDay[]; dates: readonly Day[] }) => (
  <div class="scroll-x">
    <table class="table">
      <thead>
        <tr>
          <th scope="col">Day</th>
          {shownFigures(days).map((i) => (
            <th key={i} scope="col" class="num">
              {DAY_FIGURES[i].name}
            </th>
          ))}
          <th scope="col" class="num">
            Known
          </th>
        </tr>
      </thead>
      <tbody>
        {days.map(({ start, figures, known }, i) => (
          <tr key={start}>
            <th scope="row">
              <button type="button" class="as-link" onClick={() => look({ day: dates[i], from: null, to: null })}>
                {dateText(dates[i])}
              </button>
            </th>
            {shownFigures(days).map((j) => (
              <td key={j} class="num">
                {figures[j]}
              </td>
            ))}
            <td class="num">{known}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)
