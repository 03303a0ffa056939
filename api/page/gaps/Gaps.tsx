import './gaps.css'
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Completeness, PointInfo } from '../answers.js'
import { thousands } from '../files/words.js'
import { get } from '../http.js'
import { now } from '../live.js'
import { points, pointsProblem } from '../points/points.js'
import { hrefOf, look, route } from '../route.js'
import { Registers } from './Calendar.js'
import { datesOf, isNewest, type Month, monthOf, monthText, movedMonth } from './month.js'
import { sentenceOf, silentText } from './words.js'

interface Asked {
  month: Month
  worst: boolean
  silent: boolean
}

const answer = signal<{ key: string; told: Completeness } | null>(null)
const problem = signal<string | null>(null)

/** A month of so many rows is all that is drawn; the rest is counted. */
const MOST_ROWS = 200
/** More than can be seen at one look: then only those that miss something. */
const MANY_SERIES = 20

const keyOf = ({ month, worst, silent }: Asked): string => `${month} ${worst} ${silent}`

const load = async (asked: Asked, stop: AbortSignal): Promise<void> => {
  const { month, worst, silent } = asked
  try {
    const query = { ...datesOf(month), limit: MOST_ROWS, worst: String(worst), silent: String(silent) }
    answer.value = { key: keyOf(asked), told: await get<Completeness>('/v1/completeness', query, stop) }
    problem.value = null
  } catch (error) {
    if (!stop.aborted) problem.value = (error as Error).message
  }
}

/** What is missing, over all meters: a month at a time, a day a cell. */
export const Gaps = () =>
  points.value === null ? <p class="empty loading">{pointsProblem.value ?? 'Reading the meters …'}</p> : <Asking all={points.value} />

const seriesIn = (all: readonly PointInfo[]): number =>
  all.reduce((sum, { registers }) => sum + registers.filter(({ kind }) => kind === 'COUNTER' || kind === 'INTERVAL').length, 0)

const Asking = ({ all }: { all: readonly PointInfo[] }) => {
  const { params } = route.value
  const month = monthOf(params.get('month'), all, now.peek())
  const show = params.get('show')
  const worst = show === null ? seriesIn(all) > MANY_SERIES : show === 'incomplete'
  const silent = params.get('silent') === 'yes'
  const key = keyOf({ month, worst, silent })
  useEffect(() => {
    const stop = new AbortController()
    void load({ month, worst, silent }, stop.signal)
    return () => stop.abort()
  }, [key])
  const told = answer.value?.key === key ? answer.value.told : null
  return (
    <div class="stack gaps">
      <h1>What is missing</h1>
      <div class="row spread">
        <MonthChoice month={month} />
        <fieldset class="choices" aria-label="Which registers">
          <button type="button" aria-pressed={worst} onClick={() => look({ show: 'incomplete' })}>
            Incomplete
          </button>
          <button type="button" aria-pressed={!worst} onClick={() => look({ show: 'all' })}>
            All
          </button>
        </fieldset>
      </div>
      {problem.value !== null && (
        <p class="notice bad" role="alert">
          {problem.value}
        </p>
      )}
      {told !== null ? (
        <Told told={told} month={monthText(month)} silent={silent} />
      ) : (
        problem.value === null && <p class="empty loading">Looking through the days …</p>
      )}
    </div>
  )
}

export const MonthChoice = ({ month }: { month: Month }) => {
  const go = (by: -1 | 1) => look({ month: movedMonth(month, by) })
  return (
    <div class="row month">
      <button type="button" class="button step" aria-label="Month before" onClick={() => go(-1)}>
        ‹
      </button>
      <h2 aria-live="polite" data-testid="month">
        {monthText(month)}
      </h2>
      <button type="button" class="button step" aria-label="Month after" disabled={isNewest(month, now.value)} onClick={() => go(1)}>
        ›
      </button>
    </div>
  )
}

const Told = ({ told, month, silent }: { told: Completeness; month: string; silent: boolean }) => {
  const { totals, series, more } = told
  return (
    <>
      <p class="sum" data-testid="gaps-sum" aria-live="polite">
        {sentenceOf(totals, month)}{' '}
        {totals.silent > 0 && (
          <span class="muted">
            {silentText(totals.silent, month)}{' '}
            <button type="button" class="as-link" onClick={() => look({ silent: silent ? null : 'yes' })}>
              {silent ? 'Hide' : 'Show'} {totals.silent === 1 ? 'it' : 'them'}
            </button>
          </span>
        )}
      </p>
      {series.length > 0 ? (
        <Registers told={told} />
      ) : (
        <p class="card empty">{totals.complete > 0 ? 'No day is missing.' : <Elsewhere />}</p>
      )}
      {more && <p class="notice">Only the {thousands(series.length)} that miss most are shown. Find any other under Meters.</p>}
    </>
  )
}

const Elsewhere = () => (
  <>
    Look at another month, or bring in the files of this one under <a href={hrefOf('files')}>Files</a>.
  </>
)
