import { type AccessEntry, hashToken, type Identity } from '../../schemas/access.js'
import { FrameError } from './requests.js'

/** Who a socket belongs to, and the header that shows it again when an explanation is asked for. */
export interface Who {
  identity: Identity
  /** Null when it was not a token that showed it. */
  tokenHash: string | null
  header: { authorization: string } | { cookie: string }
  /** UTC ms; null: never. */
  expiresAt: number | null
}

export const whoOf = (entry: AccessEntry, token: string): Who => ({
  identity: { name: entry.name, role: entry.role, grants: entry.grants },
  tokenHash: hashToken(token),
  header: { authorization: `Bearer ${token}` },
  expiresAt: entry.expiresAt ?? null
})

export const hasExpired = ({ expiresAt }: Pick<AccessEntry, 'expiresAt'>, now: number): boolean =>
  expiresAt !== undefined && expiresAt !== null && now >= expiresAt

export const sameRights = (a: Who, b: Who): boolean => {
  if (a.identity === b.identity || (a.identity.grants === b.identity.grants && a.identity.role === b.identity.role)) return true
  return JSON.stringify([a.identity.role, a.identity.grants]) === JSON.stringify([b.identity.role, b.identity.grants])
}

export interface Look {
  who: Who
  /** Why the socket must go. */
  refused: string | null
  /** When the token expires, if that is soon. */
  warn: number | null
}

/** What the list of who has access says of them now: a token may have been taken back, or other points opened. */
export const lookAgain = (who: Who, entry: AccessEntry | undefined, now: number, warnMs: number): Look => {
  if (!entry || (who.tokenHash !== null && entry.tokenHash !== who.tokenHash))
    return { who, refused: 'The token was taken back.', warn: null }
  const expiresAt = entry.expiresAt ?? null
  const { name, role, grants } = entry
  const same = who.expiresAt === expiresAt && who.identity.role === role && who.identity.grants === grants
  const present = same ? who : { ...who, identity: { name, role, grants }, expiresAt }
  if (hasExpired(entry, now)) return { who: present, refused: 'The token has expired.', warn: null }
  return { who: present, refused: null, warn: expiresAt !== null && now >= expiresAt - warnMs ? expiresAt : null }
}

export const changedRights = (): FrameError =>
  new FrameError('forbidden', 'What is open to you has changed; subscribe again.', { retryable: true })
