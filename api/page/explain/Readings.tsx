import { decimalsOf, exact } from '../chart/totals.js'
import { clock } from '../format.js'
import type { Explanation } from './answer.js'
import { Section } from './Section.js'
import { linesOf } from './told.js'

const MOST = 20

/** How the figure adds up: each reading and what it adds. */
export const Readings = ({ explanation }: { explanation: Explanation }) => {
  const { unit, zone, count, sum } = explanation
  const lines = linesOf(explanation).slice(0, MOST + 1)
  const told = lines.filter(({ adds }) => adds !== null).length
  if (lines.length === 0) return null
  // One column, one number of decimals.
  const decimals = Math.max(decimalsOf(sum.milli, unit), ...lines.map(({ adds }) => decimalsOf(adds ?? 0, unit)))
  const counter = lines.some(({ adds }) => adds === null)
  return (
    <Section title="How it adds up">
      <table class="table small readings">
        <thead>
          <tr>
            <th scope="col">Read at</th>
            <th scope="col" class="num">
              {counter ? 'Register' : 'Said'}
            </th>
            <th scope="col" class="num">
              Adds
            </th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ at, value, unit: read, adds, whole }) => (
            <tr key={at}>
              <td>{clock(at, zone, true)}</td>
              <td class="num">
                {value} {read}
              </td>
              <td class="num">
                {adds === null ? <span class="muted">from here</span> : exact(adds, unit, decimals)}
                {whole !== null && <span class="muted part-of"> of {exact(whole, unit)}</span>}
              </td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          {count > told && (
            <tr>
              <td colSpan={3} class="muted">
                and {(count - told).toLocaleString('en')} more
              </td>
            </tr>
          )}
          <tr class="sum">
            <th scope="row" colSpan={2}>
              Together
            </th>
            <td class="num">{exact(sum.milli, unit, decimals)}</td>
          </tr>
        </tfoot>
      </table>
    </Section>
  )
}
