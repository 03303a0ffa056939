import './compare.css'
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Rules as Answer } from '../answers.js'
import { get } from '../http.js'
import { Trace } from './Trace.js'

const answer = signal<Answer | null>(null)
const problem = signal<string | null>(null)

const load = async (): Promise<void> => {
  try {
    answer.value = await get<Answer>('/v1/rules')
    problem.value = null
  } catch (error) {
    problem.value = (error as Error).message
  }
}

/** What meters do besides counting, and what it costs to misread it. */
export const Rules = () => {
  useEffect(() => {
    if (answer.value === null) void load()
  }, [])
  return (
    <div class="stack rules">
      <header class="stack intro">
        <h1>One wrong reading must not become a bill</h1>
        <p class="muted">
          Meters blink to zero, roll over, are reset and replaced. Each line below is a meter that did so: what passed through it by our
          rules, and what others make of the very same readings.
        </p>
      </header>
      {problem.value !== null && (
        <p class="notice bad row" role="alert">
          {problem.value}
          <button type="button" class="button" onClick={() => void load()}>
            Try again
          </button>
        </p>
      )}
      {answer.value !== null ? (
        <Traces rules={answer.value} />
      ) : (
        problem.value === null && <p class="empty loading">Folding the traces …</p>
      )}
    </div>
  )
}

const Traces = ({ rules: { others, traces } }: { rules: Answer }) => (
  <section class="card">
    <table class="table traces" data-testid="traces">
      <thead>
        <tr>
          <th>What the meter showed, kWh</th>
          <th class="num">Wattledger</th>
          {others.map((name) => (
            <th key={name} class="num">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {traces.map((trace) => (
          <Trace key={trace.name} trace={trace} />
        ))}
      </tbody>
    </table>
    <p class="muted small foot">
      kWh after the first reading. Underlined figures would be another bill. “+ unknown”: energy passed that no reading tells; we say so
      instead of guessing. OED in window: its daily hours in which a fall counts as a reset.
    </p>
  </section>
)
