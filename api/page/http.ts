import type { Issue } from './answers.js'

/** The API as the page asks it. The cookie speaks for the visitor. */

export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly issues: readonly Issue[] = []
  ) {
    super(message)
  }
}

type Query = Record<string, string | number | undefined>

export const address = (path: string, query: Query = {}): string => {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, String(value))
  const text = params.toString()
  return text === '' ? path : `${path}?${text}`
}

const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === 'AbortError'

const answered = async <Answer>(asked: Promise<Response>): Promise<Answer> => {
  const response = await asked.catch((error: unknown) => {
    if (isAbort(error)) throw error
    throw new HttpError(0, 'unreachable', 'Wattledger does not answer. It is tried again by itself.')
  })
  if (response.status === 204) return undefined as Answer
  const body = await response.json().catch((error: unknown) => {
    if (isAbort(error)) throw error
    return null
  })
  if (response.ok) return body as Answer
  const { code = 'internal', message = `The server answered ${response.status}.`, issues } = body?.error ?? {}
  throw new HttpError(response.status, code, message, issues)
}

export const get = <Answer>(path: string, query?: Query, signal?: AbortSignal): Promise<Answer> =>
  answered(fetch(address(path, query), { signal }))

/** A body that is no Blob goes as JSON. */
export const send = <Answer>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<Answer> =>
  answered(fetch(path, { method, ...bodyOf(body) }))

const bodyOf = (body: unknown): Pick<RequestInit, 'body' | 'headers'> => {
  if (body === undefined) return {}
  if (body instanceof Blob) return { body, headers: { 'content-type': 'application/octet-stream' } }
  return { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
}
