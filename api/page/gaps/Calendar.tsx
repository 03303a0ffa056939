import type { ComponentChildren } from 'preact'
import type { Completeness } from '../answers.js'
import { meterOf } from '../changes/meter.js'
import { percent, registerName } from '../format.js'
import { hrefOf } from '../route.js'
import { dateText, isWeekend, startOf } from './month.js'
import { kindOf, missingText, shareText } from './words.js'

/** What a row of the calendar is drawn from. */
export type CalendarRow = Pick<
  Completeness['series'][number],
  'point' | 'register' | 'zone' | 'completeness' | 'missingMs' | 'missingDays' | 'partialDays' | 'days'
>

interface Props<Row extends CalendarRow> {
  /** Local dates, those of each row's `days`. */
  days: readonly string[]
  rows: readonly Row[]
  /** What a row is, and what the table shows. */
  what: string
  caption: string
  /** The name of a row, and where it leads. */
  head(row: Row): ComponentChildren
  /** Told of a day that is pressed; absent: it leads to its load curve. */
  pick?(row: Row, date: string): void
}

/** A row a register, a cell a day; the arrow keys go from one to the next. */
export const Calendar = <Row extends CalendarRow>({ days, rows, what, caption, head, pick }: Props<Row>) => (
  <section class="card calendar" data-testid="calendar">
    <div class="scroll-x">
      <table onKeyDown={step}>
        <caption>{caption} Arrow keys go from day to day.</caption>
        <thead>
          <tr>
            <th scope="col" class="who">
              {what}
            </th>
            {days.map((date) => (
              <th key={date} scope="col" class={isWeekend(date) ? 'weekend' : ''} aria-label={dateText(date)}>
                {Number(date.slice(8))}
              </th>
            ))}
            <th scope="col" class="share">
              Complete
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.point} ${row.register}`} data-testid={`gaps ${row.point} ${row.register}`}>
              <th scope="row" class="who">
                {head(row)}
              </th>
              {row.days.map((share, i) => (
                <td key={days[i]}>
                  {share !== null && <Day row={row} date={days[i]} share={share} pick={pick && (() => pick(row, days[i]))} />}
                </td>
              ))}
              <td class="share" title={missingText(row)}>
                {percent(row.completeness)}
                <span class="unseen">: {missingText(row)}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
    <Legend />
  </section>
)

/** The calendar of registers, each leading to its load curve. */
export const Registers = ({ told: { days, series } }: { told: Completeness }) => (
  <Calendar
    days={days}
    rows={series}
    what="Register"
    caption="Days of each register, those that miss most first."
    head={({ point, name, register, zone, completeness }) => {
      const { title } = meterOf(point, name)
      return (
        <div class="named">
          <a href={hrefOf('meters', point, register, { span: 'month', at: startOf(days[0], zone) })} title={title}>
            {title}
          </a>
          <span class="muted">
            {registerName(register)}
            <span class="in-short"> · {percent(completeness)}</span>
          </span>
        </div>
      )
    }}
  />
)

interface DayProps {
  row: CalendarRow
  date: string
  share: number
  pick?(): void
}

export const curveOfDay = ({ point, register, zone }: CalendarRow, date: string): string =>
  hrefOf('meters', point, register, { span: 'day', at: startOf(date, zone) })

const Day = ({ row, date, share, pick }: DayProps) => {
  const said = `${dateText(date)}: ${shareText(share)}`
  const kind = kindOf(share)
  return (
    // biome-ignore lint/a11y/useAnchorContent: its label says the day and what is missing
    <a
      class={`day ${kind}`}
      href={curveOfDay(row, date)}
      title={said}
      aria-label={said}
      onClick={
        pick &&
        ((event) => {
          // A new tab is what was asked for.
          if (event.ctrlKey || event.metaKey) return
          event.preventDefault()
          pick()
        })
      }
      // Ten thousand days are no stops on the way through the page: arrows go through them.
      tabIndex={-1}
      style={kind === 'part' ? { '--missing-part': `${Math.round((1 - share) * 100)}%` } : undefined}
    />
  )
}

const Legend = () => (
  <p class="row legend muted small">
    <span>
      <i class="day full" /> complete
    </span>
    <span>
      <i class="day part" /> a part is missing
    </span>
    <span>
      <i class="day none" /> nothing is there
    </span>
    <span>
      <i class="day" /> nothing is expected, or not yet
    </span>
  </p>
)

const STEPS: Record<string, [rows: number, cells: number]> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0]
}

/** From a name or a day to the next one that way, over days without anything to see. */
const step = (event: KeyboardEvent): void => {
  const move = STEPS[event.key]
  const cell = (event.target as Element).closest('td, th') as HTMLTableCellElement | null
  if (!move || !cell) return
  const rows = (event.currentTarget as HTMLTableElement).tBodies[0].rows
  let row = (cell.parentElement as HTMLTableRowElement).sectionRowIndex + move[0]
  let at = cell.cellIndex + move[1]
  for (; rows[row]?.cells[at]; row += move[0], at += move[1]) {
    const next = rows[row].cells[at].querySelector('a')
    if (!next) continue
    next.focus()
    event.preventDefault()
    return
  }
}
