import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CompactedMap } from '../../infra/compacted.js'
import { type AccessEntry, hashToken } from '../../schemas/access.js'
import { newToken } from './secrets.js'

/** Whose data folder it is. */
export const OWNER = 'owner'

/** The token of whoever owns this folder, made at first start; only its hash is in the ledger. */
export const ownToken = async (folder: string, people: CompactedMap<AccessEntry>): Promise<string> => {
  const file = join(folder, 'token')
  if (existsSync(file)) return readFileSync(file, 'utf8').trim()
  const token = newToken()
  writeFileSync(file, `${token}\n`, { mode: 0o600 })
  chmodSync(file, 0o600)
  await people.put(OWNER, { name: OWNER, role: 'admin', tokenHash: hashToken(token), grants: [], createdAt: Date.now() })
  return token
}
