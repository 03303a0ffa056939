import './changes.css'
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Changes as Answer } from '../answers.js'
import { counted } from '../files/words.js'
import { get } from '../http.js'
import { now } from '../live.js'
import { look, route } from '../route.js'
import { Arrived } from './Arrived.js'
import { ChangedCard } from './ChangedCard.js'
import { changedOf, instantOf, SINCE_WORDS, type Since, sinceOf } from './since.js'

const answer = signal<{ asked: string | null; changes: Answer } | null>(null)
const problem = signal<string | null>(null)

/** As many as the server gives. */
const MOST = 1000

const load = async (asked: string | null, stop: AbortSignal): Promise<void> => {
  try {
    const since = instantOf(sinceOf(asked), now.peek()).toISOString()
    answer.value = { asked, changes: await get<Answer>('/v1/changes', { since, limit: MOST }, stop) }
    problem.value = null
  } catch (error) {
    if (!stop.aborted) problem.value = (error as Error).message
  }
}

/** Which figures of the past are not what they were, and what came for the first time. */
export const Changes = () => {
  const asked = route.value.params.get('since')
  const since = sinceOf(asked)
  useEffect(() => {
    const stop = new AbortController()
    void load(asked, stop.signal)
    return () => stop.abort()
  }, [asked])
  const known = answer.value?.asked === asked ? answer.value.changes : null
  return (
    <div class="stack changes">
      <div class="row spread">
        <h1>What changed</h1>
        <nav class="choices" aria-label="Since when">
          {(Object.keys(SINCE_WORDS) as Since[]).map((each) => (
            <button key={each} type="button" aria-pressed={each === since} onClick={() => look({ since: each })}>
              {SINCE_WORDS[each].choice}
            </button>
          ))}
        </nav>
      </div>
      {problem.value !== null && (
        <p class="notice bad" role="alert">
          {problem.value}
        </p>
      )}
      {known !== null ? <Known changes={known} since={since} /> : problem.value === null && <p class="empty loading">Comparing …</p>}
    </div>
  )
}

const Known = ({ changes: { changes, arrived, totals, more }, since }: { changes: Answer; since: Since | Date }) => {
  const sentence = since instanceof Date ? `since ${since.toLocaleString('en-GB')}` : SINCE_WORDS[since].sentence
  return (
    <>
      {changes.length === 0 ? (
        <p class="card empty">No figure of the past has changed {sentence}.</p>
      ) : (
        <p class="muted">
          {counted(totals.changes, 'day')} of {counted(totals.points, 'meter')} {totals.changes === 1 ? 'is' : 'are'} told otherwise{' '}
          {sentence}.
        </p>
      )}
      {changedOf(changes).map((changed) => (
        <ChangedCard key={changed.key} changed={changed} />
      ))}
      {more && <p class="notice">Not all of it is shown here: choose a shorter time.</p>}
      <Arrived rows={arrived} />
    </>
  )
}
