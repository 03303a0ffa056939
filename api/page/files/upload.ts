import type { UploadSummary } from '../answers.js'
import { address, HttpError } from '../http.js'

interface How {
  signal: AbortSignal
  /** Share of the bytes that have left, 0 to 1. */
  progress(share: number): void
}

/** Sends one file as it is. XMLHttpRequest, because fetch does not tell how much has left. */
export const upload = (file: File, name: string, { signal, progress }: How): Promise<UploadSummary> =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const stop = () => request.abort()
    signal.addEventListener('abort', stop)
    request.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0)
    request.onloadend = () => {
      signal.removeEventListener('abort', stop)
      if (signal.aborted) return reject(new HttpError(0, 'cancelled', 'Cancelled.'))
      const answer = request.response as (UploadSummary & { error?: { code: string; message: string } }) | null
      if (request.status === 200 && answer !== null) return resolve(answer)
      const { code = 'unreachable', message = 'Wattledger did not answer: try again when the page says it is connected.' } =
        answer?.error ?? {}
      reject(new HttpError(request.status, code, message))
    }
    request.open('POST', address('/v1/files', { name }))
    request.responseType = 'json'
    request.setRequestHeader('content-type', 'application/octet-stream')
    request.send(file)
  })
