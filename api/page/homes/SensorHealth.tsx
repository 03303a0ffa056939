import { useEffect, useState } from 'preact/hooks'
import type { SensorInfo } from '../answers.js'
import { ago } from '../format.js'
import { now } from '../live.js'
import { hrefOf } from '../route.js'
import { AddSensor, GivenToken } from './AddSensor.js'
import { memberships } from './homes.js'
import { followSensors, sensors, sensorsProblem, takeToken } from './sensors.js'
import { sensorStateText, sensorsText, tokensText } from './words.js'

/** More in trouble than these are a list to be opened, not one that pushes all else away. */
const FEW = 20
/** In trouble first; a neighbourhood fits, a city is counted. */
const MOST_ROWS = 300

/** For administrators: the Fluksometer sensors that are asked for over HTTP, those in trouble first, and their tokens. */
export const SensorHealth = () => {
  useEffect(followSensors, [])
  const port = sensors.value
  const all = port?.sensors ?? null
  const troubled = (all ?? []).filter(({ state }) => state !== 'fine' && state !== 'unasked')
  return (
    <section class="card stack" data-testid="sensors">
      <h2>Sensors</h2>
      {sensorsProblem.value !== null && <p class="notice bad">{sensorsProblem.value}</p>}
      {port?.advice != null && <p class="notice">{port.advice}</p>}
      {all !== null && <p>{port?.asks === 'here' ? sensorsText(all.length, troubled.length) : tokensText(all.length)}</p>}
      <GivenToken />
      {port?.asks !== 'elsewhere' && <AddSensor />}
      {all !== null && all.length > 0 && <HowEach all={all} troubled={troubled.length} />}
    </section>
  )
}

const HowEach = ({ all, troubled }: { all: readonly SensorInfo[]; troubled: number }) => {
  // Whoever has opened it, or shut it, is not overruled by what comes later.
  const [isOpen] = useState(troubled > 0 && troubled <= FEW)
  return (
    <details open={isOpen}>
      <summary>How each is doing</summary>
      <Sensors shown={all.slice(0, MOST_ROWS)} />
      {all.length > MOST_ROWS && <p class="muted small">and {all.length - MOST_ROWS} more, which GET /v1/sensors lists</p>}
    </details>
  )
}

const Sensors = ({ shown }: { shown: readonly SensorInfo[] }) => (
  <div class="scroll-x">
    <table class="table small">
      <thead>
        <tr>
          {['Sensor', 'State', 'Since', 'Asked', 'Token'].map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {shown.map((row) => (
          <tr key={row.sensor}>
            <td>
              <a class="mono" href={hrefOf('meters', row.point)}>
                {row.sensor}
              </a>
              <Belongs point={row.point} />
            </td>
            <td>
              <span class={`tag ${row.state === 'fine' ? '' : 'warn'}`}>{sensorStateText(row.state)}</span> {row.detail}
            </td>
            <td>{row.since === null ? '–' : ago(now.value - Date.parse(row.since))}</td>
            <td>{row.askedAt === null ? 'not yet' : ago(now.value - Date.parse(row.askedAt))}</td>
            <td>{row.kept ? <Kept sensor={row.sensor} /> : <span class="muted">in the settings</span>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)

/** What it measures, and where. */
const Belongs = ({ point }: { point: string }) => {
  const found = memberships.value.get(point)
  if (found === undefined) return <div class="muted">of no installation</div>
  return (
    <div class="muted">
      {found.member.label} of {found.home.id}
    </div>
  )
}

/** Takes a token away, when it is said twice. */
const Kept = ({ sensor }: { sensor: string }) => {
  const [asked, setAsked] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const take = () => takeToken(sensor).catch((error: Error) => setProblem(error.message))
  if (problem !== null) return <span role="alert">{problem}</span>
  if (!asked)
    return (
      <button type="button" class="as-link" aria-label={`Remove the token of ${sensor}`} onClick={() => setAsked(true)}>
        Remove
      </button>
    )
  return (
    <span class="row">
      It is asked no more, and what it told stays.
      <button type="button" class="button" onClick={() => void take()}>
        Remove its token
      </button>
      <button type="button" class="button quiet" onClick={() => setAsked(false)}>
        Keep it
      </button>
    </span>
  )
}
