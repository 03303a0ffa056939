import { randomUUID } from 'node:crypto'
import type { CompactedMap } from '../../infra/compacted.js'
import { type AccessEntry, type BrowserSession, credentialOf, credentialsOf, hasExpired, hashToken } from '../../schemas/access.js'
import type { Access } from '../deps.js'
import { OneTimeCodes } from './codes.js'
import { newToken } from './secrets.js'

const SESSION_MS = 30 * 86_400_000

/** Who has access, over what is kept of people and of browsers that are signed in. */
export const createAccess = (
  people: CompactedMap<AccessEntry>,
  sessions: CompactedMap<BrowserSession>,
  now: () => number = Date.now
): Access => {
  const codes = new OneTimeCodes()
  const credentials = () => credentialsOf(people.entries, sessions.entries.values())
  const endSessions = async (which: (session: BrowserSession) => boolean) => {
    for (const session of [...sessions.entries.values()].filter(which)) await sessions.put(session.id, null)
  }
  return {
    identify: async (token) => credentialOf(credentials(), token, now()),
    credentials: async () => credentials(),
    list: async () => [...people.entries.values()],
    add: async (entry) => {
      if (people.entries.has(entry.name)) return false
      await people.put(entry.name, entry)
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
      const who = codes.take(code, createdAt)
      if (who === null) return null
      // Sessions that ran out are of no use; here is where their number is kept small.
      await endSessions((session) => hasExpired(session, createdAt))
      const token = newToken()
      const session = { id: randomUUID(), who, tokenHash: hashToken(token), createdAt, expiresAt: createdAt + SESSION_MS }
      await sessions.put(session.id, session)
      const credential = credentialOf(credentials(), token, createdAt)
      return credential && { token, credential }
    },
    sessions: async () => [...sessions.entries.values()].filter((session) => !hasExpired(session, now())),
    signOut: async (session) => {
      if (sessions.entries.has(session)) await sessions.put(session, null)
    }
  }
}
