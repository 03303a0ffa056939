import { signal } from '@preact/signals'
import type { Session } from './answers.js'
import { get, HttpError, send } from './http.js'

/** Who the visitor is: null is nobody, undefined not known yet. */
export const session = signal<Session | null | undefined>(undefined)
/** Why a sign-in failed, or why it is not known who this is. */
export const sessionProblem = signal<string | null>(null)

const RETRY_MS = 2000

export const identify = async (): Promise<void> => {
  try {
    session.value = await get<Session>('/v1/session')
    sessionProblem.value = null
  } catch (error) {
    if (error instanceof HttpError && (error.status === 401 || error.status === 403)) session.value = null
    else {
      sessionProblem.value = (error as Error).message
      setTimeout(() => void identify(), RETRY_MS)
    }
  }
}

/** A one-time code for the cookie. */
export const signIn = async (code: string): Promise<void> => {
  try {
    await send('POST', '/v1/session', { code })
    sessionProblem.value = null
  } catch (error) {
    sessionProblem.value = (error as Error).message
  }
  await identify()
}

export const signOut = async (): Promise<void> => {
  await send('DELETE', '/v1/session')
  location.reload()
}

/** The code of a sign-in link, taken out of the address at once, so that it does not stay in the history. */
export const takeCode = (): string | null => {
  const code = /^#code=([\w-]+)$/.exec(location.hash)?.[1] ?? null
  if (code !== null) history.replaceState(null, '', location.pathname)
  return code
}
