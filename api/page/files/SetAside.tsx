import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Reject } from '../answers.js'
import { ago } from '../format.js'
import { get, HttpError } from '../http.js'
import { now } from '../live.js'
import { arrivals } from './queue.js'
import { RejectTable } from './RejectTable.js'
import { type SetAside as Group, groupsOf, reasonText, thousands } from './words.js'

const STEP = 200
const MOST = 10_000

interface Known {
  rejects: Reject[]
  counts: { reason: string; count: number }[]
}

const known = signal<Known | null>(null)
const problem = signal<string | null>(null)
const limit = signal(STEP)

const load = async (most: number): Promise<void> => {
  try {
    const [{ rejects }, { counts }] = await Promise.all([
      get<Pick<Known, 'rejects'>>('/v1/rejects', { limit: most }),
      get<Pick<Known, 'counts'>>('/v1/rejects/counts')
    ])
    known.value = { rejects, counts }
    problem.value = null
  } catch (error) {
    problem.value =
      error instanceof HttpError && error.status === 403
        ? 'What could not be read may be anybody’s: only who may see every meter sees it here.'
        : (error as Error).message
  }
}

/** What could not be read, of all files ever: by file and reason, newest first. */
export const SetAside = () => {
  const [arrived, most] = [arrivals.value, limit.value]
  useEffect(() => {
    void load(most)
    // A file that has just been read may have brought more.
  }, [arrived, most])
  return (
    <section class="card set-aside" data-testid="set-aside">
      <h2>Set aside</h2>
      {problem.value !== null ? (
        <p class="muted">{problem.value}</p>
      ) : known.value === null ? (
        <p class="empty loading">Reading what was set aside …</p>
      ) : known.value.rejects.length === 0 ? (
        <p class="muted">Nothing: every line of every file could be read.</p>
      ) : (
        <Listed known={known.value} />
      )}
    </section>
  )
}

const Listed = ({ known: { rejects, counts } }: { known: Known }) => {
  const total = counts.reduce((sum, { count }) => sum + count, 0)
  return (
    <>
      <p class="row reasons">
        {counts.map(({ reason, count }) => (
          <span key={reason} class="tag">
            {reasonText(reason)} <b>{thousands(count)}</b>
          </span>
        ))}
      </p>
      <ul class="groups">
        {groupsOf(rejects).map((group) => (
          <GroupRow key={group.key} group={group} />
        ))}
      </ul>
      {rejects.length < total && limit.value < MOST && (
        <button
          type="button"
          class="button"
          onClick={() => {
            limit.value = Math.min(MOST, limit.value * 5)
          }}
        >
          Show older
        </button>
      )}
    </>
  )
}

const GroupRow = ({ group: { name, reason, newest, rejects } }: { group: Group }) => (
  <li>
    <details>
      <summary>
        <span class="reason">{reasonText(reason)}</span>
        <span class="name muted">{name}</span>
        <span class="count">{thousands(rejects.length)}</span>
        <span class="age muted small">{ago(now.value - Date.parse(newest))}</span>
      </summary>
      <RejectTable lines={rejects} />
    </details>
  </li>
)
