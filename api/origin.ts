import type { IncomingHttpHeaders } from 'node:http'

/** A browser says where a page came from; a page of another site must not use its visitor's cookie. Programs send no origin. */
export const isOwnOrigin = ({ origin, host }: IncomingHttpHeaders, others: readonly string[] = []): boolean => {
  if (origin === undefined) return true
  if (others.includes(origin)) return true
  try {
    return host !== undefined && new URL(origin).host.toLowerCase() === host.toLowerCase()
  } catch {
    return false
  }
}

/** Stricter: a browser vouches that a page of ours asks. Where the origin is hidden from us, it may still say `same-origin`. */
export const isOwnPage = (headers: IncomingHttpHeaders, others?: readonly string[]): boolean =>
  headers['sec-fetch-site'] === 'same-origin' || (headers.origin !== undefined && isOwnOrigin(headers, others))
