import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const BYTES = 32

/** The key of this data folder, made when first needed. Whoever deletes it makes every cursor unknown: clients get a fresh snapshot. */
export const openSecret = (folder: string): Buffer => {
  const file = join(folder, 'live-key')
  try {
    const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64url')
    if (key.length === BYTES) return key
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const key = randomBytes(BYTES)
  writeFileSync(file, `${key.toString('base64url')}\n`, { mode: 0o600 })
  return key
}

/** The key that several processes have in common, from a secret of any length. */
export const keyOf = (secret: string): Buffer => createHash('sha256').update('cursor').update(secret).digest()

/** Names the log that offsets belong to: another folder, another epoch. */
export const epochOf = (key: Buffer): string => createHash('sha256').update('epoch').update(key).digest('base64url').slice(0, 12)
