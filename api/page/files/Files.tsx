import './files.css'
import { session } from '../session.js'
import { maySend } from './may.js'
import { chosen } from './pick.js'
import { enqueue, refusal, uploads } from './queue.js'
import { SetAside } from './SetAside.js'
import { Uploads } from './Uploads.js'

/** What comes in by hand, and what could not be read of all that came. */
export const Files = () => (
  <div class="stack files">
    <h1>Files</h1>
    {maySend() ? <Send /> : <p class="notice">You may look at figures, but not send files: that needs the role admin.</p>}
    {session.value?.demo && (
      <p class="notice">
        This is the demo: what you drop here goes beside its street. For a ledger of your own, put a file <code>wattledger.yaml</code>,
        which may be empty, where Wattledger is started, and start it again.
      </p>
    )}
    {uploads.value.length > 0 && <Uploads />}
    <SetAside />
  </div>
)

const Send = () => (
  <section class="card send">
    <div>
      <h2>Bring in files of your meters</h2>
      <p class="muted">
        <span class="by-mouse">Drop files or whole folders anywhere on this page. </span>Understood are hourly curves F5D, RF5D and P5D
        (plain, zip, gzip or bzip2) and Fluksometer blocks, under the names they were made with. The same file again changes nothing; a
        higher version revises.
      </p>
    </div>
    <div class="row">
      <Choose label="Choose files" primary />
      <Choose label="Choose a folder" folder />
    </div>
    {refusal.value !== null && (
      <p class="notice bad" role="alert">
        {refusal.value}
      </p>
    )}
  </section>
)

const Choose = ({ label, folder = false, primary = false }: { label: string; folder?: boolean; primary?: boolean }) => (
  <label class={`button choose ${primary ? 'primary' : ''} ${folder ? 'of-folder' : ''}`}>
    {label}
    <input
      type="file"
      multiple
      // Not in the types of JSX: every browser of a desktop has it.
      {...(folder ? { webkitdirectory: true } : {})}
      onChange={({ currentTarget }) => {
        if (currentTarget.files) enqueue(chosen(currentTarget.files))
        // The same file chosen again is a change again.
        currentTarget.value = ''
      }}
    />
  </label>
)
