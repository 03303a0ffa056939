import { ago, amountText, day, isEnergy, moment, qualityText, registerName } from '../format.js'
import { now } from '../live.js'
import { hrefOf } from '../route.js'
import { meterOf } from './meter.js'
import { type Changed, differenceOf, type Row, shared, withMoments } from './since.js'

/** Days shown of one register; with more, the newest. */
const FIRST = 31

/** All in one unit, so that a column of them can be compared. */
const signed = (milli: number, unit: string): string => {
  if (milli === 0) return '±0'
  const size = Math.abs(milli)
  return `${milli > 0 ? '+' : '−'}${isEnergy(unit) && size < 1e9 ? `${(size / 1e6).toFixed(3)} k${unit}` : amountText(size, unit)}`
}

const whyOf =
  (zone: string) =>
  ({ why, before, after }: Row): string => {
    const quality =
      after !== null && before.quality !== after.quality ? [`Was ${qualityText(before.quality)}, is ${qualityText(after.quality)}.`] : []
    return [...why, ...quality].map((sentence) => withMoments(sentence, (ms) => moment(ms, zone, false))).join(' ')
  }

/** The days of one register that are not what they were. */
export const ChangedCard = ({ changed: { point, register, unit, rows, milli } }: { changed: Changed }) => {
  const { title, zone } = meterOf(point, rows[0].name)
  const why = whyOf(zone)
  const [sameWhy, sameWhen] = [shared(rows, why), shared(rows, (row) => row.revisedAt)]
  return (
    <section class="card changed" data-testid="changed">
      <div class="row spread">
        <h2>
          {title} <span class="muted">{registerName(register)}</span>
        </h2>
        <p class="muted small">
          {rows.length} {rows.length === 1 ? 'day' : 'days'}, together <b>{signed(milli, unit)}</b>
        </p>
      </div>
      {(sameWhy !== null || sameWhen !== null) && (
        <p class="muted small shared">
          {sameWhy} {sameWhen !== null && <When at={sameWhen} />}
        </p>
      )}
      <table class="table days">
        <thead>
          <tr>
            <th>Day</th>
            <th class="num">Before</th>
            <th class="num">After</th>
            <th class="num">Difference</th>
            {sameWhy === null && <th>Why</th>}
            {sameWhen === null && <th class="num">When</th>}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, FIRST).map((row) => (
            <Day
              key={row.day}
              row={row}
              zone={zone}
              why={sameWhy === null ? why(row) : null}
              when={sameWhen === null ? row.revisedAt : null}
            />
          ))}
        </tbody>
      </table>
      {rows.length > FIRST && <p class="muted small">And {rows.length - FIRST} days before these.</p>}
    </section>
  )
}

const When = ({ at }: { at: string }) => <time dateTime={at}>{ago(now.value - Date.parse(at))}</time>

const Day = ({ row, zone, why, when }: { row: Row; zone: string; why: string | null; when: string | null }) => {
  const { point, register, unit, before, after, end } = row
  return (
    <tr>
      <th scope="row">
        <a href={hrefOf('meters', point, register, { from: row.day, to: end })}>{day(Date.parse(row.day), zone)}</a>
      </th>
      <td class="num" data-label="Before">
        {amountText(before.milli, unit)}
      </td>
      <td class="num after" data-label="After">
        {after ? amountText(after.milli, unit) : 'taken back'}
      </td>
      <td class="num" data-label="Difference">
        {signed(differenceOf(row), unit)}
      </td>
      {why !== null && <td class="why">{why}</td>}
      {when !== null && (
        <td class="num muted small when">
          <When at={when} />
        </td>
      )}
    </tr>
  )
}
