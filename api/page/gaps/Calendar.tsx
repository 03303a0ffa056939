import type { Completeness } from '../answers.js'
import { meterOf } from '../changes/meter.js'
import { percent, registerName, span } from '../format.js'
import { hrefOf } from '../route.js'
import { dateText, isWeekend, startOf } from './month.js'
import { kindOf, shareText } from './words.js'

type Row = Completeness['series'][number]

/** A row a register, a cell a day; each leads to its load curve. */
export const Calendar = ({ told: { days, series } }: { told: Completeness }) => (
  <section class="card calendar" data-testid="calendar">
    <div class="scroll-x">
      <table onKeyDown={step}>
        <caption>Days of each register, those that miss most first. Arrow keys go from day to day.</caption>
        <thead>
          <tr>
            <th scope="col" class="who">
              Register
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
          {series.map((row) => (
            <Register key={`${row.point} ${row.register}`} row={row} dates={days} />
          ))}
        </tbody>
      </table>
    </div>
    <Legend />
  </section>
)

const Register = ({ row, dates }: { row: Row; dates: readonly string[] }) => {
  const { point, name, register, zone, days, completeness, missingMs } = row
  const { title } = meterOf(point, name)
  const missing = missingMs > 0 ? `${span(missingMs)} missing` : 'complete'
  return (
    <tr data-testid={`gaps ${point} ${register}`}>
      <th scope="row" class="who">
        <div class="named">
          <a href={hrefOf('meters', point, register, { span: 'month', at: startOf(dates[0], zone) })} title={title}>
            {title}
          </a>
          <span class="muted">
            {registerName(register)}
            <span class="in-short"> · {percent(completeness)}</span>
          </span>
        </div>
      </th>
      {days.map((share, i) => (
        <td key={dates[i]}>{share !== null && <Day row={row} date={dates[i]} share={share} />}</td>
      ))}
      <td class="share" title={missing}>
        {percent(completeness)}
      </td>
    </tr>
  )
}

const Day = ({ row: { point, register, zone }, date, share }: { row: Row; date: string; share: number }) => {
  const said = `${dateText(date)}: ${shareText(share)}`
  const kind = kindOf(share)
  return (
    // biome-ignore lint/a11y/useAnchorContent: its label says the day and what is missing
    <a
      class={`day ${kind}`}
      href={hrefOf('meters', point, register, { span: 'day', at: startOf(date, zone) })}
      title={said}
      aria-label={said}
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
