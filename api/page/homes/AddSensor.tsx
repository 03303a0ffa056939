import { useState } from 'preact/hooks'
import { hrefOf } from '../route.js'
import { given, giveToken, rowOf, sensors } from './sensors.js'
import { givenText, wasAsked } from './words.js'

/** A sensor by its id and token, as its page shows them; that of a known sensor takes the place of the one before. */
export const AddSensor = () => {
  const [sensor, setSensor] = useState('')
  const [token, setToken] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const port = sensors.value
  if (port === null) return null
  const known = rowOf(sensor.trim().toLowerCase())
  const add = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    try {
      await giveToken(sensor, token)
      setSensor('')
      setToken('')
      setProblem(null)
    } catch (error) {
      setProblem((error as Error).message)
    }
    setBusy(false)
  }
  return (
    <details class="add-sensor" open={port.sensors.length === 0}>
      <summary>Add a sensor, or give one another token</summary>
      <form class="stack" onSubmit={(event) => void add(event)} autocomplete="off">
        <p class="muted small">
          The page of the sensor at flukso.net shows both, 32 hex digits each. The token is kept in the data folder and shown nowhere again.
        </p>
        <div class="fields">
          <label>
            <span class="small">Id of the sensor</span>
            <input
              class="field mono"
              required
              spellcheck={false}
              maxLength={100}
              value={sensor}
              onInput={(event) => setSensor(event.currentTarget.value)}
            />
          </label>
          <label>
            <span class="small">Token</span>
            <input
              class="field mono"
              required
              spellcheck={false}
              maxLength={100}
              value={token}
              onInput={(event) => setToken(event.currentTarget.value)}
            />
          </label>
          <button type="submit" class="button primary" disabled={busy}>
            {known === undefined ? 'Add' : 'Replace the token'}
          </button>
        </div>
        {problem !== null && (
          <p class="notice bad" role="alert">
            {problem}
          </p>
        )}
      </form>
    </details>
  )
}

/** What became of the token that was given last. */
export const GivenToken = () => {
  const port = sensors.value
  const last = given.value
  if (port === null || last === null) return null
  const row = rowOf(last.sensor)
  const isIn = wasAsked(last, row) && row?.state === 'fine'
  return (
    <p class={`notice ${row?.state === 'refused' && wasAsked(last, row) ? 'bad' : ''}`} role="status" data-testid="given">
      <span class="mono">{last.sensor}</span>: {givenText(last, row, port)}{' '}
      {isIn && <a href={hrefOf('meters', `flukso/${last.sensor}`)}>Its load curve</a>}
    </p>
  )
}
