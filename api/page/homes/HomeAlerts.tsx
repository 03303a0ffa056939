import { useEffect, useState } from 'preact/hooks'
import { type AlertInfo, isActive } from '../alerts/told.js'
import { ruleText, stateText } from '../alerts/words.js'
import type { Home } from '../answers.js'
import { dateText } from '../gaps/month.js'
import { get } from '../http.js'
import { look } from '../route.js'
import { todayIn } from './day.js'

const MOST = 5
const EVERY_MS = 60_000

/** What is wrong with an installation, and what was: its newest alerts, each with the day that it is about. */
export const HomeAlerts = ({ home: { id, point, zone } }: { home: Home }) => {
  const [told, setTold] = useState<readonly AlertInfo[]>([])
  const [problem, setProblem] = useState<string | null>(null)
  useEffect(() => {
    const stop = new AbortController()
    const load = () =>
      get<{ alerts: AlertInfo[] }>('/v1/alerts', { point, limit: MOST }, stop.signal).then(
        ({ alerts }) => {
          setTold(alerts)
          setProblem(null)
        },
        (error: Error) => {
          if (!stop.signal.aborted) setProblem(error.message)
        }
      )
    void load()
    const timer = setInterval(() => void load(), EVERY_MS)
    return () => {
      stop.abort()
      clearInterval(timer)
    }
  }, [point])
  if (problem !== null) return <p class="notice bad">{problem}</p>
  if (told.length === 0) return null
  return (
    <ul class="home-alerts" data-testid={`alerts ${id}`} aria-label="Alerts">
      {told.map((alert) => (
        <li key={alert.key}>
          <span class="row">
            <b>{ruleText(alert)}</b>
            <span class={`tag ${isActive(alert) ? 'warn' : ''}`}>{stateText(alert)}</span>
            <DayLink day={todayIn(zone, Date.parse(alert.since))} />
          </span>
          <span class="muted small">{alert.text}</span>
        </li>
      ))}
    </ul>
  )
}

const DayLink = ({ day }: { day: string }) => (
  <button type="button" class="as-link small" onClick={() => look({ day, from: null, to: null })}>
    {dateText(day)}
  </button>
)
