import type { Changes } from '../answers.js'
import { amountText, day, registerName } from '../format.js'
import { hrefOf } from '../route.js'
import { meterOf } from './meter.js'

type New = Changes['arrived'][number]

const byMeter = (a: New, b: New): number => (`${a.point} ${a.register}` < `${b.point} ${b.register}` ? -1 : 1)

/** Days that were not known before: no correction, just news. */
export const Arrived = ({ rows }: { rows: readonly New[] }) => (
  <section class="card" data-testid="arrived">
    <h2>What arrived</h2>
    {rows.length === 0 ? (
      <p class="muted">No day that was not known before.</p>
    ) : (
      <table class="table arrived">
        <thead>
          <tr>
            <th>Meter</th>
            <th>Register</th>
            <th>Days</th>
            <th class="num">Energy</th>
          </tr>
        </thead>
        <tbody>
          {[...rows].sort(byMeter).map((row, i, sorted) => (
            <One key={`${row.point} ${row.register}`} row={row} again={sorted[i - 1]?.point === row.point} />
          ))}
        </tbody>
      </table>
    )}
  </section>
)

const One = ({ row: { point, name, register, unit, days, from, to, milli }, again }: { row: New; again: boolean }) => {
  const { title, zone } = meterOf(point, name)
  const [first, last] = [day(Date.parse(from), zone), day(Date.parse(to) - 1, zone)]
  return (
    <tr class={again ? 'again' : ''}>
      <th scope="row">{title}</th>
      <td>
        <a href={hrefOf('meters', point, register, { from, to })}>{registerName(register)}</a>
      </td>
      <td class="span">{days === 1 ? first : `${days} days, ${first} – ${last}`}</td>
      <td class="num">{amountText(milli, unit)}</td>
    </tr>
  )
}
