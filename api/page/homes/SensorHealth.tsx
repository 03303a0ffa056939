import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { SensorInfo } from '../answers.js'
import { ago } from '../format.js'
import { get } from '../http.js'
import { now } from '../live.js'
import { hrefOf } from '../route.js'
import { sensorStateText, sensorsText } from './words.js'

const sensors = signal<SensorInfo[] | null>(null)
const problem = signal<string | null>(null)
const EVERY_MS = 30_000
/** In trouble first; a neighbourhood fits, a city is counted. */
const MOST_ROWS = 100

const load = async (): Promise<void> => {
  try {
    sensors.value = (await get<{ sensors: SensorInfo[] }>('/v1/sensors')).sensors
    problem.value = null
  } catch (error) {
    problem.value = (error as Error).message
  }
}

/** For administrators: the Fluksometer sensors that are asked for over HTTP, those in trouble first. */
export const SensorHealth = () => {
  useEffect(() => {
    void load()
    const timer = setInterval(() => void load(), EVERY_MS)
    return () => clearInterval(timer)
  }, [])
  const all = sensors.value
  const troubled = (all ?? []).filter(({ state }) => state !== 'fine')
  return (
    <section class="card stack" data-testid="sensors">
      <h2>Sensors</h2>
      {problem.value !== null && <p class="notice bad">{problem.value}</p>}
      {all !== null && <p>{sensorsText(all.length, troubled.length)}</p>}
      {all !== null && all.length > 0 && (
        <details open={troubled.length > 0}>
          <summary class="small">How each is doing</summary>
          <Sensors shown={all.slice(0, MOST_ROWS)} />
          {all.length > MOST_ROWS && <p class="muted small">and {all.length - MOST_ROWS} more, which GET /v1/sensors lists</p>}
        </details>
      )}
    </section>
  )
}

const Sensors = ({ shown }: { shown: readonly SensorInfo[] }) => (
  <div class="scroll-x">
    <table class="table small">
      <thead>
        <tr>
          {['Sensor', 'State', 'Since', 'Asked'].map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {shown.map(({ sensor, point, state, detail, since, askedAt }) => (
          <tr key={sensor}>
            <td>
              <a class="mono" href={hrefOf('meters', point)}>
                {sensor}
              </a>
            </td>
            <td>
              <span class={`tag ${state === 'fine' ? '' : 'warn'}`}>{sensorStateText(state)}</span> {detail}
            </td>
            <td>{ago(now.value - Date.parse(since))}</td>
            <td>{askedAt === null ? 'not yet' : ago(now.value - Date.parse(askedAt))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)
