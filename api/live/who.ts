import { type Credential, hasExpired, type Identity } from '../../schemas/access.js'
import { FrameError } from './requests.js'

/** Who a socket belongs to, and the header that shows it again when an explanation is asked for. */
export interface Who {
  identity: Identity
  tokenHash: string
  header: { authorization: string }
  /** UTC ms; null: never. */
  expiresAt: number | null
}

export const whoOf = ({ entry, tokenHash, expiresAt }: Credential, token: string): Who => ({
  identity: { name: entry.name, role: entry.role, grants: entry.grants },
  tokenHash,
  header: { authorization: `Bearer ${token}` },
  expiresAt
})

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

/** What is known now of the token that showed them: it may have been taken back, or its browser signed out, or other points opened. */
export const lookAgain = (who: Who, credential: Credential | undefined, now: number, warnMs: number): Look => {
  if (!credential) return { who, refused: 'The token was taken back, or its browser signed out.', warn: null }
  const { expiresAt } = credential
  const { name, role, grants } = credential.entry
  const same = who.expiresAt === expiresAt && who.identity.role === role && who.identity.grants === grants
  const present = same ? who : { ...who, identity: { name, role, grants }, expiresAt }
  if (hasExpired(credential, now)) return { who: present, refused: 'The token has expired.', warn: null }
  return { who: present, refused: null, warn: expiresAt !== null && now >= expiresAt - warnMs ? expiresAt : null }
}

export const changedRights = (): FrameError =>
  new FrameError('forbidden', 'What is open to you has changed; subscribe again.', { retryable: true })
