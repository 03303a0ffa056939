import { useState } from 'preact/hooks'
import type { Planned } from '../../answers.js'
import { address, send } from '../../http.js'
import { now } from '../../live.js'
import { points, titleOf } from '../../points/points.js'
import { todayIn } from '../day.js'
import { homes } from '../homes.js'
import { bodyOf, type Draft, type DraftMember, newMember, pointText, problemsOf } from './draft.js'
import { KNOWN_POINTS, MemberFields } from './MemberFields.js'
import { Preview } from './Preview.js'
import { usePlan } from './plan.js'

interface Props {
  /** What is written at first; one without an id is of a new installation. */
  start: Draft
  /** Zone of its days. */
  zone: string
  /** The local day since when what is changed holds; null: it has none. */
  since: string | null
  close(): void
}

/** What an installation is made of from a day on, as it is being written. */
export const Editor = ({ start, zone, since, close }: Props) => {
  const [draft, setDraft] = useState(start)
  const { id, validFrom, members } = draft
  const isNew = start.id === ''
  const put = (dryRun: boolean) =>
    send<Planned>('PUT', address(`/v1/installations/${encodeURIComponent(id)}`, { dryRun: String(dryRun) }), bodyOf(draft))
  const planning = usePlan(put, JSON.stringify([id, bodyOf(draft)]))
  const { step } = planning
  const problems = problemsOf('plan' in step ? step.plan.findings : [], step.is === 'refused' ? step.issues : [])
  const isTaken = isNew && step.is !== 'entering' && step.is !== 'entered' && (homes.value?.some((home) => home.id === id) ?? false)
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part })
  const changeMember = (key: number, member: DraftMember) => change({ members: members.map((each) => (each.key === key ? member : each)) })
  const isWritten = step.is !== 'entering' && step.is !== 'entered'
  return (
    <section class="card stack editor" data-testid="editor" aria-label={isNew ? 'New installation' : `Change ${id}`}>
      <div class="row spread">
        <h2>{isNew ? 'New installation' : `Change ${id}`}</h2>
        <button type="button" class="button quiet" onClick={close}>
          Close
        </button>
      </div>
      {isWritten && (
        <form class="stack" onSubmit={(event) => event.preventDefault()} autocomplete="off">
          <div class="fields">
            {isNew && <Text name="Id" hint="HOME01" value={id} set={(text) => change({ id: text.trim() })} />}
            <label>
              <span class="small">Holds from midnight of</span>
              <input
                class="field"
                type="date"
                required
                value={validFrom}
                onInput={(event) => change({ validFrom: event.currentTarget.value })}
              />
            </label>
            <Text name="Caption" value={draft.name} set={(name) => change({ name })} />
            <Text name="Time zone" hint="Europe/Brussels" value={draft.zone} set={(text) => change({ zone: text })} />
            <Text name="Latitude, degrees north" value={draft.latitude} set={(latitude) => change({ latitude })} />
            <Text name="Longitude, degrees east" value={draft.longitude} set={(longitude) => change({ longitude })} />
          </div>
          <Days since={since} zone={zone} chosen={validFrom} choose={(date) => change({ validFrom: date })} />
          {isTaken && <p class="notice bad">There is an installation {id} already: choose it above to change it.</p>}
          <h3>Members</h3>
          <p class="muted small">
            Network, Prod and VE are the factors in P_tot, P_prod and the power of vehicles; Cons is kept and not used. The name of what a
            clamp exports ends in a dash.
          </p>
          <KnownPoints />
          {members.map((member, row) => (
            <MemberFields
              key={member.key}
              member={member}
              row={row}
              problems={problems}
              change={(changed) => changeMember(member.key, changed)}
              remove={() => change({ members: members.filter(({ key }) => key !== member.key) })}
            />
          ))}
          <button type="button" class="button add" onClick={() => change({ members: [...members, newMember()] })}>
            Add a member
          </button>
        </form>
      )}
      <Preview
        planning={planning}
        zone={zone}
        look="See what changes"
        enter={isNew ? 'Enter it' : 'Enter the change'}
        disabled={id === '' || validFrom === '' || isTaken}
      />
    </section>
  )
}

const Text = ({ name, value, hint = '', set }: { name: string; value: string; hint?: string; set(text: string): void }) => (
  <label>
    <span class="small">{name}</span>
    <input class="field" maxLength={200} placeholder={hint} value={value} onInput={(event) => set(event.currentTarget.value)} />
  </label>
)

/** The two days that are mostly meant, and what a day of the past means. */
const Days = ({ since, zone, chosen, choose }: { since: string | null; zone: string; chosen: string; choose(date: string): void }) => {
  const today = todayIn(zone, now.value)
  return (
    <p class="row small muted">
      {since !== null && chosen !== since && (
        <button type="button" class="as-link" onClick={() => choose(since)}>
          As of {since}: it was never otherwise
        </button>
      )}
      {chosen !== today && (
        <button type="button" class="as-link" onClick={() => choose(today)}>
          From today
        </button>
      )}
      {chosen !== '' && chosen < today && <span>Every day since {chosen} is computed again.</span>}
    </p>
  )
}

const KnownPoints = () => (
  <datalist id={KNOWN_POINTS}>
    {(points.value ?? []).map((point) => (
      <option key={point.id} value={pointText(point.id)}>
        {titleOf(point)}
      </option>
    ))}
  </datalist>
)
