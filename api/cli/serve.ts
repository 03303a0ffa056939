import type { Server } from 'node:http'
import { resolve } from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { Settings } from '../../schemas/settings.js'
import type { Access, UploadSummary } from '../deps.js'
import { listen } from '../listen.js'
import type { Output } from './output.js'
import { arrival, present, welcome } from './welcome.js'

/** How long closing may take in cluster mode: less than a supervisor waits before it kills. */
const CLOSING_MS = 20_000
/** How long a process that has closed everything may take to end by itself. */
const GOODBYE_MS = 500

type Arrived = Omit<UploadSummary, 'origin'> & { already: boolean }

/** What is served: an open platform, seen from the command line. */
export interface Serving {
  app: FastifyInstance
  access: Access
  /** Rejects when a room stops by itself. */
  failed: Promise<never>
  announce(address: string): void
  watch(
    folders: readonly string[],
    report: (result: Arrived | { name: string; error: unknown } | { name: string; said: string }) => void
  ): void
  play(report: (result: { name: string; error: unknown }) => void): void
  close(): Promise<void>
}

export interface ServeOptions {
  /** Folders to watch. */
  folders: readonly string[]
  /** Plays the demo. */
  samples: boolean
  /** It answers questions, and people are told where. */
  answers: boolean
}

/** Ends at once. To exit is to wait for all threads, and one that a Kafka client holds may never come back. */
const killNow = () => process.kill(process.pid, 'SIGKILL')

/** Answers, watches and plays until the process is told to stop, or a room stops by itself; closes the platform either way. */
export const serve = async (platform: Serving, settings: Settings, out: Output, options: ServeOptions): Promise<void> => {
  if (settings.kafka)
    process.once('uncaughtException', (error) => {
      out.logger?.fatal({ err: error }, 'this process ends')
      process.stderr.write(`${error.stack}\n`)
      killNow()
    })
  const stopped = new Promise<void>((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop())
  })
  const more: Server[] = []
  const close = async () => {
    // While Kafka is away its clients have nobody to take leave of. What was not committed is done again by whoever comes next.
    if (settings.kafka) setTimeout(killNow, CLOSING_MS).unref()
    for (const server of more) server.close()
    await platform.close()
  }
  try {
    begin(platform, await listen(platform.app, settings.http.listen, more), settings, out, options)
    await Promise.race([stopped, platform.failed])
    out.say('Stopping …')
  } catch (error) {
    out.logger?.fatal({ err: error }, 'this process ends')
    // A port in use, a full disk: it ends here, and must neither hang nor keep the folder.
    await close().catch(() => {})
    throw error
  }
  await close()
  // A client whose server went away and came back may have left a socket behind; what had to be closed is closed.
  setTimeout(() => process.exit(), GOODBYE_MS).unref()
}

const begin = (
  platform: Serving,
  addresses: readonly string[],
  settings: Settings,
  out: Output,
  { folders, samples, answers }: ServeOptions
): void => {
  platform.announce(addresses[0])
  out.object({ listening: addresses, data: resolve(settings.data), folders }, () =>
    answers ? welcome(platform.access, addresses, settings, folders, samples) : present(addresses, folders)
  )
  platform.watch(folders, (result) => {
    if ('said' in result) out.say(`${result.name}: ${result.said}`)
    else if ('error' in result) out.say(`${result.name}: ${(result.error as Error).message}`)
    else if (!result.already) out.object({ ...result }, () => arrival(result))
  })
  if (samples) platform.play(({ name, error }) => out.say(`${name}: ${(error as Error).message}`))
}
