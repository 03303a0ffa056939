import { NotTaken } from '../outbox/channel.js'

const TIMEOUT_MS = 15_000
const SAID_CHARACTERS = 200
const PATIENT = new Set([408, 425, 429])
/** A receiver that asks to be left alone for longer is asked again after this. */
const LONGEST_AFTER_MS = 3_600_000

/** Refused for good: another attempt would be answered the same. */
export interface Refusal {
  status: number
  said: string
}

/**
 * Posts a body; null when it was taken. Rejects with NotTaken when it may be taken later. It goes to the address of the settings and to no
 * other: redirections are refused.
 */
export const post = async (url: string, body: string, headers: Record<string, string>): Promise<Refusal | null> => {
  const { host } = new URL(url)
  let answer: Response
  try {
    answer = await fetch(url, {
      method: 'POST',
      body,
      redirect: 'manual',
      headers: { 'content-type': 'application/json', 'user-agent': 'wattledger', ...headers },
      signal: AbortSignal.timeout(TIMEOUT_MS)
    })
  } catch (error) {
    throw new NotTaken(`${host} does not answer: ${reasonOf(error)}. What waits is kept.`)
  }
  const { ok, status } = answer
  if (ok) {
    await answer.body?.cancel()
    return null
  }
  const said = await beginningOf(answer)
  if (status >= 500 || PATIENT.has(status))
    throw new NotTaken(`${host} answers ${status}. What waits is kept.`, afterMsOf(answer.headers.get('retry-after')))
  return { status, said }
}

const reasonOf = (error: unknown): string => {
  const { message, cause } = error as Error
  return (cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code || message : message).slice(0, SAID_CHARACTERS)
}

/** Seconds, or a date. */
const afterMsOf = (text: string | null): number => {
  if (text === null) return 0
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(0, ms), LONGEST_AFTER_MS)
}

/** What an answer begins with; the rest is not waited for. */
const beginningOf = async ({ body }: Response): Promise<string> => {
  if (body === null) return ''
  const reader = body.getReader()
  try {
    const { value } = await reader.read()
    return Buffer.from(value ?? [])
      .toString()
      .replace(/\p{Cc}+/gu, ' ')
      .slice(0, SAID_CHARACTERS)
  } catch {
    return ''
  } finally {
    await reader.cancel().catch(() => {})
  }
}
