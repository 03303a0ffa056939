import { useState } from 'preact/hooks'
import type { Home, Planned } from '../../answers.js'
import { day } from '../../format.js'
import { address, send } from '../../http.js'
import { Preview } from './Preview.js'
import { usePlan } from './plan.js'

interface Props {
  home: Home
  close(): void
}

const remove = (id: string, query: Record<string, string>) => (dryRun: boolean) =>
  send<Planned>('DELETE', address(`/v1/installations/${encodeURIComponent(id)}`, { ...query, dryRun: String(dryRun) }))

/** An installation has no members any more from a day on. */
export const EndIt = ({ home: { id, zone }, close }: Props) => {
  const [from, setFrom] = useState('')
  const planning = usePlan(remove(id, { from }), from)
  return (
    <section class="card stack" data-testid="end-it">
      <Head title={`End ${id}`} close={close} />
      <p class="muted">From that day on it has no members and no power; what was before stays.</p>
      <div class="fields">
        <label>
          <span class="small">From midnight of</span>
          <input class="field" type="date" value={from} onInput={(event) => setFrom(event.currentTarget.value)} />
        </label>
      </div>
      <Preview planning={planning} zone={zone} look="See what changes" enter="End it" disabled={from === ''} />
    </section>
  )
}

/** What held before a version holds on. */
export const TakeBack = ({ home: { id, zone }, validFrom, close }: Props & { validFrom: string }) => {
  const planning = usePlan(remove(id, { version: validFrom }), validFrom)
  return (
    <section class="card stack" data-testid="take-back">
      <Head title={`Take back what holds from ${day(Date.parse(validFrom), zone)} on`} close={close} />
      <p class="muted">What held before {id} got this version holds on instead, as if it had not been entered.</p>
      <Preview planning={planning} zone={zone} look="See what changes" enter="Take it back" />
    </section>
  )
}

const Head = ({ title, close }: { title: string; close(): void }) => (
  <div class="row spread">
    <h2>{title}</h2>
    <button type="button" class="button quiet" onClick={close}>
      Close
    </button>
  </div>
)
