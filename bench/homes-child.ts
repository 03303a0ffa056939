/** A platform in a process of its own, so that its memory and CPU time are its own; does what messages say, one after the other. `FOLDER`. */
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { openPlatform } from '../main.js'
import { Settings } from '../schemas/settings.js'

export type Command =
  | { do: 'workbook'; name: string; bytes: Buffer }
  | { do: 'block'; name: string; bytes: Buffer }
  | { do: 'settle' }
  | { do: 'ask'; path: string }
  | { do: 'spent' }
  | { do: 'stop' }

/** Since it was asked last; memory: the peak of what the process holds itself, 0 where the system does not tell. */
export interface SpentSo {
  cpuSeconds: number
  anonBytes: number
}

const WATCH_MS = 100
const [, , data] = process.argv
const platform = await openPlatform(Settings.parse({ data }))
await platform.settle()

const anonBytes = (): number => {
  try {
    return Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
let mostAnon = anonBytes()
let since = process.cpuUsage()
const watch = setInterval(() => {
  mostAnon = Math.max(mostAnon, anonBytes())
}, WATCH_MS)

const answer = async (method: 'GET' | 'POST', url: string, payload?: Buffer): Promise<unknown> => {
  const headers = { authorization: `Bearer ${platform.token}`, 'content-type': 'application/octet-stream' }
  const { statusCode, body } = await platform.app.inject({ method, url, headers, payload })
  if (statusCode !== 200) throw new Error(`${url} was answered with ${statusCode}: ${body}`)
  return JSON.parse(body)
}

const spent = (): SpentSo => {
  const { user, system } = process.cpuUsage(since)
  const so = { cpuSeconds: (user + system) / 1e6, anonBytes: mostAnon }
  since = process.cpuUsage()
  mostAnon = anonBytes()
  return so
}

const done = async (command: Command): Promise<unknown> => {
  if (command.do === 'workbook') return answer('POST', `/v1/installations/workbook?dryRun=false&name=${command.name}`, command.bytes)
  if (command.do === 'block')
    return (await platform.importFile(Readable.from([Buffer.from(command.bytes)]), command.name, { backfill: true })).readings
  if (command.do === 'settle') return platform.settle()
  if (command.do === 'ask') return answer('GET', command.path)
  if (command.do === 'spent') return spent()
  clearInterval(watch)
  return platform.close()
}

process.on('message', async (command: Command) => {
  process.send?.({ told: (await done(command)) ?? null })
  if (command.do === 'stop') process.disconnect?.()
})
process.on('disconnect', () => process.exit())
process.send?.({ told: null })
