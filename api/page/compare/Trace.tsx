import type { Rules } from '../answers.js'
import { differs, dotsOf, plain, readingsText } from './trace.js'

type Shown = Rules['traces'][number]

const WIDTH = 84
const HEIGHT = 34
const EDGE = 4

/** The readings in their order, each meter in a line of its own. */
const Picture = ({ readings }: { readings: Shown['readings'] }) => {
  const dots = dotsOf(readings).map(({ x, y, device }) => ({
    x: EDGE + x * (WIDTH - 2 * EDGE),
    y: HEIGHT - EDGE - y * (HEIGHT - 2 * EDGE),
    device
  }))
  const devices = [...new Set(dots.map(({ device }) => device))]
  return (
    <svg class="picture" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
      {devices.map((each) => (
        <polyline
          key={each}
          points={dots
            .filter(({ device }) => device === each)
            .map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`)
            .join(' ')}
        />
      ))}
      {dots.map(({ x, y }) => (
        <circle key={x} cx={x} cy={y} r="2" />
      ))}
    </svg>
  )
}

/** One meter that did something odd, and what each makes of it. */
export const Trace = ({ trace: { name, readings, ours, others } }: { trace: Shown }) => (
  <tr>
    <th scope="row">
      <div class="what">
        <Picture readings={readings} />
        <div>
          <span class="name">{name}</span>
          <span class="mono readings">{readingsText(readings)}</span>
        </div>
      </div>
      {ours.rules.map(({ rule, sentence }) => (
        <p key={rule} class="why small muted">
          {sentence}
        </p>
      ))}
    </th>
    <td class="num ours" data-label="Wattledger">
      {plain(ours.kwh)}
      {ours.tail && <small>+ unknown</small>}
    </td>
    {others.map(({ name: other, milli, kwh }) => (
      <td key={other} class={`num ${differs(milli, ours.milli) ? 'differs' : ''}`} data-label={other}>
        {plain(kwh)}
      </td>
    ))}
  </tr>
)
