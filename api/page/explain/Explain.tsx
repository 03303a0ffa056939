import './explain.css'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Grid } from '../chart/grid.js'
import { moment, qualityText } from '../format.js'
import { get, HttpError } from '../http.js'
import { now } from '../live.js'
import type { Explanation } from './answer.js'
import { Exact } from './Exact.js'
import { Origins } from './Origins.js'
import { Others } from './Others.js'
import { Readings } from './Readings.js'
import { Section } from './Section.js'
import { caveatsOf, factorsOf, headlineOf, openOf, revisionsOf, rulesOf, suspectsOf, suspectText } from './told.js'

interface Props {
  point: string
  register: string
  zone: string
  /** Start of the bar, ISO 8601. */
  at: string
  grid: Grid
  close(): void
}

/** Why a figure is what it is, beside the curve; on a phone a sheet from below. Escape closes it. */
export const Explain = ({ point, register, zone, at, grid, close }: Props) => {
  const panel = useRef<HTMLElement>(null)
  const [explanation, setExplanation] = useState<Explanation | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  useEffect(() => {
    const stop = new AbortController()
    get<Explanation>('/v1/explain', { point, register, at, grid, limit: MOST }, stop.signal)
      .then(setExplanation)
      .catch((error: unknown) => {
        if (stop.signal.aborted) return
        const nothing = error instanceof HttpError && error.status === 404
        setProblem(nothing ? 'There is no reading in this time, so there is nothing to explain.' : (error as Error).message)
      })
    return () => stop.abort()
  }, [point, register, at, grid])
  useEffect(() => {
    const before = document.activeElement
    panel.current?.focus({ preventScroll: true })
    // Under a sheet the bar that is explained would be out of sight.
    if (matchMedia(SHEET).matches) panel.current?.parentElement?.querySelector('.plot-area')?.scrollIntoView({ block: 'start' })
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') close()
    }
    addEventListener('keydown', onKey)
    return () => {
      removeEventListener('keydown', onKey)
      if (before instanceof HTMLElement) before.focus({ preventScroll: true })
    }
  }, [])
  const waiting = explanation === null && problem === null
  return (
    <aside
      class={`card explain ${waiting ? 'loading' : ''}`}
      ref={panel}
      tabIndex={-1}
      aria-label="Explanation"
      aria-busy={waiting}
      data-testid="explain-panel"
    >
      <header class="row spread">
        <h2>Why this figure?</h2>
        <button type="button" class="button quiet close" aria-label="Close the explanation" onClick={close}>
          ×
        </button>
      </header>
      {problem !== null && <p class="notice">{problem}</p>}
      {explanation && <Told explanation={explanation} zone={zone} />}
    </aside>
  )
}

/** As in explain.css: where the panel is a sheet over the page. */
const SHEET = '(max-width: 1179px)'
/** Intervals that are told one by one. */
const MOST = 20
/** Rules at which others go other ways. */
const DISPUTED = ['glitch', 'rollover', 'reset']

const Told = ({ explanation, zone }: { explanation: Explanation; zone: string }) => {
  const rules = rulesOf(explanation)
  const suspects = suspectsOf(explanation)
  const revisions = revisionsOf(explanation)
  const factors = factorsOf(explanation)
  const { point, register, start, end, figure } = explanation
  const quality = figure?.quality ?? openOf(explanation)[0]?.quality ?? null
  return (
    <>
      <p class="headline">{headlineOf(explanation)}</p>
      {caveatsOf(explanation, now.peek()).map((caveat) => (
        <p class="notice small" key={caveat}>
          {caveat}
        </p>
      ))}
      {rules.some(({ rule }) => DISPUTED.includes(rule)) && <Others point={point} register={register} from={start} to={end} />}
      <Readings explanation={explanation} />
      {rules.length > 0 && (
        <Section title="Which rules were applied">
          <dl class="rules">
            {rules.map(({ rule, sentence, times }) => (
              <div key={rule}>
                <dt>
                  <span class="tag">{rule}</span> {times > 1 && <span class="muted small">{times} times</span>}
                </dt>
                <dd>{sentence}</dd>
              </div>
            ))}
          </dl>
        </Section>
      )}
      {suspects.length > 0 && (
        <Section title="What was set aside">
          <ul>
            {suspects.map((suspect) => (
              <li key={`${suspect.at} ${suspect.value}`}>{suspectText(suspect, zone)}</li>
            ))}
          </ul>
        </Section>
      )}
      {factors.length > 0 && (
        <Section title="Factor of the registry">
          <p>{factors.map((factor) => `× ${factor}`).join(', ')}: what the register moved is multiplied by it.</p>
        </Section>
      )}
      <Origins explanation={explanation} />
      <Section title="What it was before">
        {revisions.length === 0 ? (
          <p class="muted">This figure has never changed.</p>
        ) : (
          <ul>
            {revisions.map(({ key, text }) => (
              <li key={key}>{text}</li>
            ))}
          </ul>
        )}
      </Section>
      <Exact explanation={explanation} quality={qualityText(quality)} known={(at) => moment(Date.parse(at), zone)} />
    </>
  )
}
