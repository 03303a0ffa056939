import { setTimeout as wait } from 'node:timers/promises'
import { Agent } from 'undici'
import { readCa } from '../../infra/ca.js'
import { Refused } from '../../infra/errors.js'
import { readSecret } from '../../infra/secret.js'
import type { Rtu } from '../../schemas/settings-rtu.js'
import type { Ingested, IngestOptions, Report } from '../run.js'
import { fetchMeasures } from './fetch.js'
import { fileOf } from './source.js'

export interface RtuRooms {
  take(bytes: Buffer, name: string, options: IngestOptions, receivedAt: number): Promise<Ingested>
  report: Report
  now(): number
  signal: AbortSignal
}

const MINUTE = 60_000

export const nameOf = ({ name, url }: Pick<Rtu, 'name' | 'url'>): string =>
  name ?? new URL(url).hostname.replace(/[^A-Za-z0-9._-]/g, '-').replace(/^-+/, '')

const loginOf = ({ login }: Rtu, name: string) => {
  if (login === undefined) return undefined
  const password = readSecret(login.password, `rtu ${name}: login.password`)
  if (password.includes(':')) throw new Refused(`rtu ${name}: a password with a colon cannot be used: give the RTU another one.`)
  return { user: login.user, password }
}

/** Fetches the page of one RTU every few minutes, until the signal. What goes wrong is told once, and when it is over. */
export const pollRtu = async (settings: Rtu, { take, report, now, signal }: RtuRooms): Promise<void> => {
  const name = nameOf(settings)
  const said = `rtu/${name}`
  const dispatcher = new Agent({ connections: 1, connect: { ca: readCa(settings.ca, `rtu ${name}: ca`) } })
  let trouble = ''
  try {
    while (!signal.aborted) {
      try {
        const page = await fetchMeasures({ url: settings.url, login: loginOf(settings, name), dispatcher }, signal)
        const receivedAt = now()
        const taken = await take(page, fileOf(name, settings.zone, receivedAt), { passing: true }, receivedAt)
        if (taken.rejects.length > 0) report(taken)
        if (trouble !== '') report({ name: said, said: 'It answers again.' })
        trouble = ''
      } catch (error) {
        if (signal.aborted) return
        const { message } = error as Error
        if (message !== trouble) report({ name: said, error })
        trouble = message
      }
      await wait(settings.everyMinutes * MINUTE, undefined, { signal }).catch(() => {})
    }
  } finally {
    await dispatcher.destroy()
  }
}
