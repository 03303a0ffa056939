import { computed, type Signal, signal } from '@preact/signals'
import type { UploadSummary } from '../answers.js'
import { loadPointsSoon } from '../points/points.js'
import { inOrder } from './names.js'
import { MOST_FILES, type Picked } from './pick.js'
import { upload } from './upload.js'
import { rejectedIn } from './words.js'

/** The files of this visit. They live here and not in a component: whoever looks at another page meanwhile loses nothing. */

export type State =
  | { is: 'waiting' }
  | { is: 'sending'; share: number }
  | { is: 'read'; summary: UploadSummary }
  | { is: 'failed'; message: string }

export interface Upload {
  id: number
  name: string
  file: File
  state: Signal<State>
  stop: AbortController
}

/** Files on their way at once. */
const AT_ONCE = 2

export const uploads = signal<readonly Upload[]>([])
/** Said about the last lot as a whole, such as that it was too much. */
export const refusal = signal<string | null>(null)
/** Rises whenever a file has been read, for lists that then look again. */
export const arrivals = signal(0)

let ids = 0
let sending = 0

const next = (): void => {
  while (sending < AT_ONCE) {
    const waiting = uploads.peek().find(({ state }) => state.peek().is === 'waiting')
    if (!waiting) return
    sending++
    void send(waiting).finally(() => {
      sending--
      next()
    })
  }
}

const send = async ({ name, file, state, stop }: Upload): Promise<void> => {
  state.value = { is: 'sending', share: 0 }
  try {
    const summary = await upload(file, name, {
      signal: stop.signal,
      progress: (share) => {
        state.value = { is: 'sending', share }
      }
    })
    state.value = { is: 'read', summary }
    arrivals.value++
    loadPointsSoon()
  } catch (error) {
    state.value = { is: 'failed', message: (error as Error).message }
  }
}

export const enqueue = (picked: readonly Picked[]): void => {
  if (picked.length > MOST_FILES) {
    refusal.value = `More than ${MOST_FILES} files at once: import the folder where Wattledger runs, with “wattledger import FOLDER”.`
    return
  }
  refusal.value = picked.length === 0 ? 'There was no file in what was dropped.' : null
  const added = inOrder(picked).map(
    ({ name, file }): Upload => ({
      id: ids++,
      name,
      file,
      state: signal<State>({ is: 'waiting' }),
      stop: new AbortController()
    })
  )
  uploads.value = [...added, ...uploads.value]
  next()
}

export const again = ({ id, name, file }: Upload): void => {
  const fresh: Upload = { id: ids++, name, file, state: signal<State>({ is: 'waiting' }), stop: new AbortController() }
  uploads.value = uploads.value.map((each) => (each.id === id ? fresh : each))
  next()
}

/** What has not been read yet is given up. */
export const cancelAll = (): void => {
  for (const { state, stop } of uploads.value) {
    if (state.value.is === 'waiting') state.value = { is: 'failed', message: 'Cancelled.' }
    else if (state.value.is === 'sending') stop.abort()
  }
}

/** What is done leaves the list; the ledger keeps it. */
export const clear = (): void => {
  uploads.value = uploads.value.filter(({ state }) => state.value.is === 'waiting' || state.value.is === 'sending')
}

export interface Totals {
  files: number
  /** Read, also those that had been read before. */
  read: number
  underway: number
  failed: number
  already: number
  readings: number
  rejected: number
}

export const totals = computed<Totals>(() => {
  const sum: Totals = { files: uploads.value.length, read: 0, underway: 0, failed: 0, already: 0, readings: 0, rejected: 0 }
  for (const { state } of uploads.value) {
    const now = state.value
    if (now.is === 'failed') sum.failed++
    else if (now.is !== 'read') sum.underway++
    else {
      sum.read++
      sum.readings += now.summary.readings
      sum.rejected += rejectedIn(now.summary)
      if (now.summary.already) sum.already++
    }
  }
  return sum
})
