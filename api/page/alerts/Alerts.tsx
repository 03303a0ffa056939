import { useState } from 'preact/hooks'
import { ago, registerName } from '../format.js'
import { homes } from '../homes/homes.js'
import { titleOf as nameOf } from '../homes/shown.js'
import { send } from '../http.js'
import { now } from '../live.js'
import { points, titleOf } from '../points/points.js'
import { hrefOf } from '../route.js'
import { session } from '../session.js'
import { type AlertInfo, alerts, alertsProblem, isActive, loadAlerts } from './told.js'
import { ruleText, stateText } from './words.js'

/** What is wrong now, and what was. */
export const Alerts = () => {
  const all = alerts.value
  return (
    <div class="stack alerts">
      <h1>Alerts</h1>
      {alertsProblem.value !== null && (
        <p class="notice bad" role="alert">
          {alertsProblem.value}
        </p>
      )}
      {all === null ? <p class="empty loading">Looking …</p> : <Told all={all} />}
    </div>
  )
}

const Told = ({ all }: { all: readonly AlertInfo[] }) => {
  const active = all.filter(isActive)
  const over = all.filter((alert) => !isActive(alert))
  return (
    <>
      {active.length === 0 ? <p class="card empty">Nothing is wrong.</p> : active.map((alert) => <Card key={alert.key} alert={alert} />)}
      {over.length > 0 && <h2>What is over</h2>}
      {over.map((alert) => (
        <Card key={alert.key} alert={alert} />
      ))}
    </>
  )
}

const Card = ({ alert }: { alert: AlertInfo }) => {
  const { subject, register, since, text, evidence, occurrences, note } = alert
  const known = points.value?.find(({ id }) => id === subject)
  const home = homes.value?.find(({ point }) => point === subject)
  return (
    <section class="card" data-testid={`alert ${alert.rule} ${subject} ${alert.state}`}>
      <div class="row spread">
        <h3>
          {ruleText(alert)} {known ? <a href={hrefOf('meters', subject)}>{titleOf(known)}</a> : null}
          {home ? <a href={hrefOf('homes', home.id)}>{nameOf(home)}</a> : null}{' '}
          {register !== '' && <span class="muted">{registerName(register)}</span>}
        </h3>
        <span class={`tag ${isActive(alert) ? (alert.severity === 'critical' ? 'bad' : 'warn') : ''}`}>{stateText(alert)}</span>
      </div>
      <p>{text}</p>
      <p class="row muted small">
        <time dateTime={since}>{ago(now.value - Date.parse(since))}</time>
        {occurrences > 1 && <span>{occurrences} times</span>}
        {note !== '' && <span>“{note}”</span>}
        {known && evidence.map((row) => <Evidence key={row.start} point={subject} row={row} />)}
      </p>
      {isActive(alert) && alert.state !== 'acked' && session.value?.role === 'admin' && <Acknowledge alert={alert} />}
    </section>
  )
}

const AROUND_MS = 30 * 60_000

const Evidence = ({ point, row }: { point: string; row: AlertInfo['evidence'][number] }) => {
  const from = new Date(Date.parse(row.start) - AROUND_MS).toISOString()
  const to = new Date(Date.parse(row.end) + AROUND_MS).toISOString()
  return <a href={hrefOf('meters', point, row.register, { from, to, explain: row.start })}>Why</a>
}

const Acknowledge = ({ alert }: { alert: AlertInfo }) => {
  const [problem, setProblem] = useState<string | null>(null)
  const acknowledge = async () => {
    try {
      await send('POST', '/v1/alerts/ack', { alertKey: alert.key })
      await loadAlerts()
    } catch (error) {
      setProblem((error as Error).message)
    }
  }
  return (
    <p class="row">
      <button type="button" class="button" onClick={() => void acknowledge()}>
        Acknowledge
      </button>
      {problem !== null && <span role="alert">{problem}</span>}
    </p>
  )
}

/** Beside the name of a meter that something is wrong with. */
export const AlertMark = ({ count }: { count: number }) => (
  <span class="tag bad" title={count === 1 ? 'An alert is active' : `${count} alerts are active`}>
    !
  </span>
)
