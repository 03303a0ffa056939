import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CompactedMap } from '../../infra/compacted.js'
import { Refused } from '../../infra/errors.js'
import { type AccessEntry, hashToken } from '../../schemas/access.js'
import { newToken } from './secrets.js'

/** Whose ledger it is. */
export const OWNER = 'owner'

/** What a header can carry, and nobody guesses. */
const GIVEN = /^[\w.~+/=-]{32,200}$/

export interface Ownership {
  /** The owner's token, as the settings have it. */
  given?: string
  /** Others have this ledger too: whose token it is was perhaps decided before, in another folder. */
  shared: boolean
  /** Of those that share it, the one that makes a token where there is none. */
  first: boolean
}

/**
 * The token of the ledger's owner: given, or made at first start and kept in the folder; only its hash is in the ledger. Empty where
 * another process has it. Rejects with Refused when the given one is too weak.
 */
export const ownToken = async (
  folder: string,
  people: CompactedMap<AccessEntry>,
  { given, shared, first }: Ownership = { shared: false, first: true }
): Promise<string> => {
  const enter = async (token: string): Promise<string> => {
    const tokenHash = hashToken(token)
    if (people.entries.get(OWNER)?.tokenHash !== tokenHash)
      await people.put(OWNER, { name: OWNER, role: 'admin', tokenHash, grants: [], createdAt: Date.now() })
    return token
  }
  if (given !== undefined) {
    if (!GIVEN.test(given))
      throw new Refused('http.token: expected 32 to 200 letters, digits or . _ ~ + / = -; make one with: openssl rand -hex 32')
    return enter(given)
  }
  const file = join(folder, 'token')
  if (existsSync(file)) return readFileSync(file, 'utf8').trim()
  if (shared && (!first || people.entries.has(OWNER))) return ''
  const token = newToken()
  writeFileSync(file, `${token}\n`, { mode: 0o600 })
  chmodSync(file, 0o600)
  return enter(token)
}
