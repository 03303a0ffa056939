import { readFileSync } from 'node:fs'
import type { Secret } from '../schemas/secret.js'
import { Refused } from './errors.js'

/** What stands where the settings say. `what` names the setting in errors, which never hold the secret. Throws Refused when it is not there. */
export const readSecret = (secret: Secret, what: string): string => {
  if ('file' in secret) {
    try {
      return readFileSync(secret.file, 'utf8').trim()
    } catch {
      throw new Refused(`${what}: the file ${secret.file}, where the settings say it is, cannot be read.`)
    }
  }
  const value = process.env[secret.env]
  if (value === undefined) throw new Refused(`${what}: the environment has no ${secret.env}, where the settings say it is.`)
  return value
}
