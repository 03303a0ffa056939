import type { UploadSummary } from '../answers.js'
import { day } from '../format.js'
import { points, titleOf } from '../points/points.js'
import { hrefOf } from '../route.js'
import { again, type Upload } from './queue.js'
import { Rejected } from './Rejected.js'
import { type Went, whereTo } from './where.js'
import { counted, KNOWN_KINDS, kindOf, rejectedIn, thousands } from './words.js'

/** One file: what it is, what went in and where to, what did not and why. */
export const UploadRow = ({ upload }: { upload: Upload }) => {
  const { name, state } = upload
  const now = state.value
  return (
    <li class="upload" data-testid="upload">
      <div class="head">
        <span class="name">{name}</span>
        {now.is === 'waiting' && <span class="muted small">Waits</span>}
        {now.is === 'sending' && <progress value={now.share < 1 ? now.share : undefined} max={1} aria-label={`Sending ${name}`} />}
        {now.is === 'read' && <Outcome summary={now.summary} />}
        {now.is === 'failed' && (
          <button type="button" class="button quiet" onClick={() => again(upload)}>
            Try again
          </button>
        )}
      </div>
      {now.is === 'failed' && <p class="small problem">{now.message}</p>}
      {now.is === 'read' && <Details summary={now.summary} />}
    </li>
  )
}

const Outcome = ({ summary }: { summary: UploadSummary }) => {
  const { source, readings, already } = summary
  const rejected = rejectedIn(summary)
  if (source === '') return <span class="tag bad">Not recognised</span>
  return (
    <span class="row outcome">
      {rejected > 0 && <span class="tag bad">{thousands(rejected)} rejected</span>}
      {already ? <span class="muted">Read before, nothing changed</span> : <span class="figure">{counted(readings, 'reading')}</span>}
    </span>
  )
}

const Details = ({ summary }: { summary: UploadSummary }) => {
  const { source, name, rejects, touched } = summary
  const kind = kindOf(source, name)
  if (kind === null)
    return (
      <p class="small problem">
        {KNOWN_KINDS} {rejects[0]?.examples[0]?.advice}
      </p>
    )
  return (
    <>
      <p class="small muted where">
        {kind}
        {whereTo(touched).map((went) => (
          <Where key={went.point} went={went} />
        ))}
      </p>
      {rejects.length > 0 && <Rejected summary={summary} />}
    </>
  )
}

const Where = ({ went: { point, register, from, to } }: { went: Went }) => {
  const known = points.value?.find(({ id }) => id === point)
  const zone = known?.zone ?? 'UTC'
  // The end of the last hour of a day is the next day's midnight.
  const [first, last] = [day(Date.parse(from), zone), day(Date.parse(to) - 1, zone)]
  return (
    <>
      {' · '}
      <a href={hrefOf('meters', point, register, { from, to })}>{known ? titleOf(known) : point}</a>{' '}
      <span class="span">{first === last ? first : `${first} – ${last}`}</span>
    </>
  )
}
