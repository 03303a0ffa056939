/**
 * A platform in a process of its own, as `start` runs it, beside a bare websocket server; both do what messages say. Its CPU time and
 * its event loop are its own. `FOLDER SETTINGS`, the settings as JSON.
 */
import { createReadStream } from 'node:fs'
import { type WebSocket, WebSocketServer } from 'ws'
import { openPlatform } from '../main.js'
import { findFiles, inTimeOrder } from '../producers/folder.js'
import { sources } from '../producers/index.js'
import { Settings } from '../schemas/settings.js'
import { POINT, pulse } from './pulse.js'

export type Command =
  /** One live reading. */
  | { do: 'read'; n: number }
  /** A frame to all who are connected to the bare server. */
  | { do: 'echo'; frame: string }
  | { do: 'import'; files: string }
  | { do: 'cpu' }
  | { do: 'stop' }

export type Told =
  | { told: 'ready'; url: string; bare: string; token: string }
  | { told: 'imported'; readings: number }
  | { told: 'cpu'; seconds: number }

const say = (told: Told): void => void process.send?.(told)

const [data, settings] = process.argv.slice(2)
const platform = await openPlatform(Settings.parse({ ...JSON.parse(settings), data }))
await platform.settle()
await platform.app.listen({ host: '127.0.0.1', port: 0 })
// Heartbeats and housekeeping, as in a running platform.
platform.watch([], () => {})

const bare = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
await new Promise((resolve) => bare.once('listening', resolve))
const clients = new Set<WebSocket>()
bare.on('connection', (socket) => clients.add(socket))

const importAll = async (files: string): Promise<number> => {
  let readings = 0
  for (const { path, name } of inTimeOrder(await findFiles(files), sources))
    readings += (await platform.importFile(createReadStream(path), name, { backfill: true })).readings
  await platform.settle()
  return readings
}

const source = sources.find(({ name }) => POINT.startsWith(`${name}/`))!
const began = Date.now()

process.on('message', async (command: Command) => {
  if (command.do === 'read') await platform.publish(source, { readings: [pulse(began, command.n)], rejects: [], rows: 1 })
  else if (command.do === 'echo') for (const socket of clients) socket.send(command.frame)
  else if (command.do === 'import') say({ told: 'imported', readings: await importAll(command.files) })
  else if (command.do === 'cpu') {
    const { user, system } = process.cpuUsage()
    say({ told: 'cpu', seconds: (user + system) / 1e6 })
  } else {
    bare.close()
    for (const socket of clients) socket.terminate()
    await platform.close()
    process.disconnect?.()
  }
})
say({
  told: 'ready',
  url: `ws://127.0.0.1:${(platform.app.server.address() as { port: number }).port}/v1/live`,
  bare: `ws://127.0.0.1:${(bare.address() as { port: number }).port}`,
  token: platform.token
})
