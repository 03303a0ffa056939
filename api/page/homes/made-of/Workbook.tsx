import { useState } from 'preact/hooks'
import type { Planned } from '../../answers.js'
import { address, send } from '../../http.js'
import { Preview } from './Preview.js'
import { usePlan } from './plan.js'

/** Names that say from when on a workbook holds. */
const DATED = /^Configuration\d*_\d{8}\.xlsx$/i
const ZONE = 'Europe/Brussels'

/** All installations as one workbook: as it is now, and another in its place. */
export const Workbook = () => {
  const [file, setFile] = useState<File | null>(null)
  const [validFrom, setValidFrom] = useState('')
  const post = (dryRun: boolean) => {
    const query = { name: file!.name, validFrom: validFrom || undefined, dryRun: String(dryRun) }
    return send<Planned>('POST', address('/v1/installations/workbook', query), file!)
  }
  const planning = usePlan(post, `${file?.name} ${file?.size} ${file?.lastModified} ${validFrom}`)
  const isEntering = planning.step.is === 'entering'
  const isDated = file !== null && DATED.test(file.name)
  return (
    <section class="card stack" data-testid="workbook">
      <div class="row spread">
        <h2>All as a workbook</h2>
        <a class="button" href="/v1/installations/workbook" download="installations.xlsx">
          Download
        </a>
      </div>
      <p class="muted small">
        One that is entered is the whole of what holds from its day on. Tokens of sensors are taken from it, and are not in what is
        downloaded.
      </p>
      <div class="fields">
        <label>
          <span class="small">Workbook (.xlsx)</span>
          <input
            class="field file"
            type="file"
            accept=".xlsx"
            disabled={isEntering}
            onChange={(event) => setFile(event.currentTarget.files?.[0] ?? null)}
          />
        </label>
        <label>
          <span class="small">{isDated ? 'Holds from the day that its name says, or from' : 'Holds from midnight of'}</span>
          <input
            class="field"
            type="date"
            disabled={isEntering}
            value={validFrom}
            onInput={(event) => setValidFrom(event.currentTarget.value)}
          />
        </label>
      </div>
      <Preview
        planning={planning}
        zone={ZONE}
        look="See what changes"
        enter="Enter the workbook"
        disabled={file === null || (!isDated && validFrom === '')}
      >
        {(plan) => <People plan={plan} isEntering={isEntering} />}
      </Preview>
    </section>
  )
}

/** Tokens are counted; secrets of who is new are shown once. */
const People = ({ plan: { tokens = 0, people = [] }, isEntering }: { plan: Planned; isEntering: boolean }) => {
  const secrets = people.filter(({ secret }) => secret !== undefined)
  return (
    <>
      {tokens > 0 && (
        <p>{tokens === 1 ? 'One sensor has a token that is new or another.' : `${tokens} sensors have a token that is new or another.`}</p>
      )}
      {people.length > 0 && (
        <ul aria-label="People">
          {people.map(({ name, isNew, installations }) => (
            <li key={name}>
              <b>{name}</b>
              {isNew ? ' is new and' : ''} may see {installations.join(', ')}
            </li>
          ))}
        </ul>
      )}
      {isEntering && people.some(({ isNew }) => isNew) && (
        <p class="notice">Stay here: when it is done, the secrets of who is new are shown once.</p>
      )}
      {secrets.length > 0 && (
        <div class="notice">
          <p>Their secrets, which are shown here and never again: hand each to its person, who pastes it once in each browser.</p>
          <dl class="secrets" data-testid="secrets">
            {secrets.map(({ name, secret }) => (
              <div key={name} class="row">
                <dt>{name}</dt>
                <dd class="mono">{secret}</dd>
              </div>
            ))}
          </dl>
        </div>
      )}
    </>
  )
}
