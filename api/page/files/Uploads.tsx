import { useState } from 'preact/hooks'
import { cancelAll, clear, type Totals, totals, uploads } from './queue.js'
import { UploadRow } from './UploadRow.js'
import { counted, rejectedIn, thousands } from './words.js'

/** Rows shown before somebody asks for all of them. */
const FIRST = 100

const sumText = ({ files, read, readings, rejected, already, failed, underway }: Totals): string =>
  [
    underway > 0 ? `${thousands(read)} of ${counted(files, 'file')} read` : counted(files, 'file'),
    counted(readings, 'new reading'),
    ...(rejected > 0 ? [`${thousands(rejected)} rejected`] : []),
    ...(already > 0 ? [`${thousands(already)} read before`] : []),
    ...(failed > 0 ? [`${thousands(failed)} not sent`] : [])
  ].join(' · ')

/** The files of this visit: a line for all of them, then each. */
export const Uploads = () => {
  const [only, setOnly] = useState(false)
  const [all, setAll] = useState(false)
  const sum = totals.value
  const troubled = sum.rejected + sum.failed > 0
  const listed =
    only && troubled
      ? uploads.value.filter(({ state: { value } }) => value.is === 'failed' || (value.is === 'read' && rejectedIn(value.summary) > 0))
      : uploads.value
  const shown = all ? listed : listed.slice(0, FIRST)
  return (
    <section class="card uploads" data-testid="uploads" aria-label="Files of this visit">
      <div class="row spread">
        <p class="sum" role="status" data-testid="upload-sum">
          {sumText(sum)}
        </p>
        <div class="row">
          {troubled && sum.files > 3 && (
            <button type="button" class="button quiet" onClick={() => setOnly(!only)}>
              {only ? 'Show all files' : 'Only with problems'}
            </button>
          )}
          {sum.underway > 0 ? (
            <button type="button" class="button" onClick={cancelAll}>
              Cancel
            </button>
          ) : (
            <button type="button" class="button quiet" onClick={clear}>
              Clear the list
            </button>
          )}
        </div>
      </div>
      {sum.underway > 0 && sum.files > 1 && <progress value={sum.files - sum.underway} max={sum.files} aria-label="Files done" />}
      <ul>
        {shown.map((upload) => (
          <UploadRow key={upload.id} upload={upload} />
        ))}
      </ul>
      {listed.length > shown.length && (
        <button type="button" class="button" onClick={() => setAll(true)}>
          Show all {thousands(listed.length)}
        </button>
      )}
    </section>
  )
}
