import { randomUUID } from 'node:crypto'
import type { CompactedMap } from '../../infra/compacted.js'
import {
  type AccessEntry,
  type BrowserSession,
  type Credential,
  credentialOf,
  credentialsOf,
  hasExpired,
  hashToken
} from '../../schemas/access.js'
import { type Homes, withMembers } from '../../schemas/installations/homes.js'
import type { Access } from '../deps.js'
import { OneTimeCodes } from './codes.js'
import { newToken } from './secrets.js'

const SESSION_MS = 30 * 86_400_000

const NO_HOMES: Homes = new Map()

/** Entries with what their grants on installations open, as long as nothing of it changes the same object for the same entry. */
const openedBy = (homes: () => Homes) => {
  const known = new WeakMap<AccessEntry, { homes: Homes; entry: AccessEntry }>()
  return (entry: AccessEntry): AccessEntry => {
    const present = homes()
    const before = known.get(entry)
    if (before?.homes === present) return before.entry
    const opened = { ...entry, grants: withMembers(entry.grants, present) }
    known.set(entry, { homes: present, entry: opened })
    return opened
  }
}

/** Whose own token it is; null: nobody's now. That of a browser signs no other browser in. */
const ownerOf = ({ entries }: CompactedMap<AccessEntry>, token: string, now: number): string | null =>
  credentialOf(credentialsOf(entries, []), token, now)?.entry.name ?? null

/** Who has access, over what is kept of people and of browsers that are signed in. */
export const createAccess = (
  people: CompactedMap<AccessEntry>,
  sessions: CompactedMap<BrowserSession>,
  now: () => number = Date.now,
  homes: () => Homes = () => NO_HOMES
): Access => {
  const codes = new OneTimeCodes()
  const opened = openedBy(homes)
  const credentials = () => credentialsOf(people.entries, sessions.entries.values())
  function* openedCredentials() {
    for (const credential of credentials()) yield { ...credential, entry: opened(credential.entry) }
  }
  const shownBy = (token: string, at: number): Credential | null => {
    const credential = credentialOf(credentials(), token, at)
    return credential && { ...credential, entry: opened(credential.entry) }
  }
  const endSessions = async (which: (session: BrowserSession) => boolean) => {
    for (const session of [...sessions.entries.values()].filter(which)) await sessions.put(session.id, null)
  }
  return {
    identify: async (token) => shownBy(token, now()),
    credentials: async () => openedCredentials(),
    list: async () => [...people.entries.values()],
    add: async (entry) => {
      if (people.entries.has(entry.name)) return false
      await people.put(entry.name, entry)
      return true
    },
    grant: async (name, points) => {
      const entry = people.entries.get(name)
      if (!entry) return false
      const grants = points.map((point) => ({ who: name, point, from: null, to: null }))
      await people.put(name, { ...entry, grants: [...entry.grants, ...grants] })
      return true
    },
    revoke: async (name) => {
      if (!people.entries.has(name)) return false
      await people.put(name, null)
      codes.forget(name)
      await endSessions(({ who }) => who === name)
      return true
    },
    invite: (name, lifetimeMs) => {
      if (!people.entries.has(name)) return null
      const at = now()
      const expiresAt = at + lifetimeMs
      return { code: codes.make(name, expiresAt, at), expiresAt }
    },
    signIn: async (code) => {
      const createdAt = now()
      const who = codes.take(code, createdAt) ?? ownerOf(people, code, createdAt)
      if (who === null) return null
      // Sessions that ran out are of no use; here is where their number is kept small.
      await endSessions((session) => hasExpired(session, createdAt))
      const token = newToken()
      const session = { id: randomUUID(), who, tokenHash: hashToken(token), createdAt, expiresAt: createdAt + SESSION_MS }
      await sessions.put(session.id, session)
      const credential = shownBy(token, createdAt)
      return credential && { token, credential }
    },
    sessions: async () => [...sessions.entries.values()].filter((session) => !hasExpired(session, now())),
    signOut: async (session) => {
      if (sessions.entries.has(session)) await sessions.put(session, null)
    }
  }
}
