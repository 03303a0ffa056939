import { historyOf, wattsOf } from '../live.js'

const WIDTH = 260
const HEIGHT = 22

/** The last minutes as a little curve: rising or falling, no scale. */
export const Spark = ({ series }: { series: string }) => {
  const rows = historyOf(series).value.filter((row) => wattsOf(row) !== null)
  if (rows.length < 3) return null
  const from = rows[0].s
  const length = rows[rows.length - 1].e - from
  const top = Math.max(...rows.map((row) => wattsOf(row)!), 1)
  const path = rows
    .map((row, i) => {
      const y = (HEIGHT - 1 - (wattsOf(row)! / top) * (HEIGHT - 2)).toFixed(1)
      const [left, right] = [row.s, row.e].map((at) => (((at - from) / length) * WIDTH).toFixed(1))
      return `${i === 0 ? 'M' : 'L'}${left} ${y}H${right}`
    })
    .join('')
  return (
    <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path d={path} />
    </svg>
  )
}
