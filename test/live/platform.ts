import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { WebSocket } from 'ws'
import { PROTOCOL, type Row, type ServerFrame } from '../../api/client/frames.js'
import { openPlatform, type Platform } from '../../main.js'
import { controlLetters } from '../../schemas/cups.js'
import { Settings } from '../../schemas/settings.js'

export const HOUR = 3_600_000
/** Local midnight of 8 January 2024 in Madrid: no clock change for months. */
export const START = Date.parse('2024-01-07T23:00:00Z')

/** The n-th made-up supply point, as files name it and as the ledger does. */
export const cups = (n: number): string => {
  const digits = `0031${String(n).padStart(12, '0')}`
  return `ES${digits}${controlLetters(digits)}`
}

const two = (n: number): string => String(n).padStart(2, '0')
/** The wall clock of Madrid in winter. */
const wall = (ms: number): string => {
  const at = new Date(ms + HOUR)
  return `${at.getUTCFullYear()}/${two(at.getUTCMonth() + 1)}/${two(at.getUTCDate())} ${two(at.getUTCHours())}:00`
}

export interface Curve {
  point: number
  /** First hour and how many, counted from START. */
  from: number
  hours: number
  wh(hour: number): number
}

/** An F5D file; a higher version replaces what it repeats. */
export const curveFile = (curves: readonly Curve[]): string =>
  curves
    .flatMap(({ point, from, hours, wh }) =>
      Array.from({ length: hours }, (_, i) => `${cups(point)}0F;${wall(START + (from + i + 1) * HOUR)};0;${wh(from + i)};0;;;;;1;1;F1;`)
    )
    .join('\r\n')

export interface Site {
  platform: Platform
  url: string
  http: string
  folder: string
  port: number
  send(curves: readonly Curve[]): Promise<void>
  /** The token of a new reader. */
  reader(grants: { point: string; from?: string; to?: string }[], role?: string): Promise<string>
  restart(): Promise<void>
  close(): Promise<void>
}

let files = 0

/** A platform as `npm start` opens it, on a folder of its own, listening. */
export const openSite = async (): Promise<Site> => {
  const folder = mkdtempSync(join(tmpdir(), 'wattledger-live-'))
  const settings = Settings.parse({ data: folder })
  let platform = await openPlatform(settings)
  const listen = async (port: number): Promise<number> => {
    await platform.app.listen({ host: '127.0.0.1', port })
    return (platform.app.server.address() as { port: number }).port
  }
  const port = await listen(0)
  const http = `http://127.0.0.1:${port}`
  return {
    get platform() {
      return platform
    },
    url: `ws://127.0.0.1:${port}/v1/live`,
    http,
    folder,
    port,
    async send(curves) {
      const version = files++
      // Every file is newer than the one before: the date stands before the version.
      const date = new Date(Date.parse('2024-03-01') + Math.floor(version / 100) * 86_400_000)
        .toISOString()
        .slice(0, 10)
        .replaceAll('-', '')
      const { rejects } = await platform.importFile(
        Readable.from([Buffer.from(curveFile(curves))]),
        `F5D_0031_0762_${date}.${version % 100}`
      )
      if (rejects.length > 0) throw new Error(JSON.stringify(rejects))
    },
    async reader(grants, role = 'reader') {
      const name = `${role}-${Math.random().toString(36).slice(2)}`
      const headers = { authorization: `Bearer ${platform.token}` }
      const answer = await platform.app.inject({ method: 'POST', url: '/v1/access', headers, payload: { name, role, grants } })
      if (answer.statusCode !== 201) throw new Error(answer.body)
      return answer.json().token
    },
    async restart() {
      await platform.close()
      platform = await openPlatform(settings)
      await listen(port)
    },
    async close() {
      await platform.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** A socket with what it was sent, for tests that look at frames. */
export class RawSocket {
  readonly frames: ServerFrame[] = []
  readonly closed: Promise<{ code: number; reason: string }>
  #wake: () => void = () => {}

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      this.frames.push(JSON.parse(data.toString()))
      this.#wake()
    })
    socket.on('error', () => {})
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        resolve({ code, reason: reason.toString() })
        this.#wake()
      })
    })
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<RawSocket> {
    const raw = new RawSocket(new WebSocket(url, { headers, perMessageDeflate: false }))
    await new Promise<void>((resolve, reject) => {
      raw.socket.once('open', resolve)
      raw.socket.once('error', reject)
      raw.socket.once('unexpected-response', (_request, response) => reject(new Error(`HTTP ${response.statusCode}`)))
    })
    return raw
  }

  /** Connected and welcome. */
  static async greet(url: string, token: string): Promise<RawSocket> {
    const raw = await RawSocket.open(url)
    raw.send({ t: 'hello', protocol: PROTOCOL, auth: { token } })
    await raw.next('welcome')
    return raw
  }

  send(frame: object): void {
    this.socket.send(JSON.stringify(frame))
  }

  /** The first frame of a kind (and id) that has not been taken; takes it. */
  async next<T extends ServerFrame['t']>(t: T, id?: number, ms = 10_000): Promise<Extract<ServerFrame, { t: T }>> {
    const until = Date.now() + ms
    for (;;) {
      const found = this.frames.findIndex((frame) => frame.t === t && (id === undefined || (frame as { id?: number }).id === id))
      if (found >= 0) return this.frames.splice(found, 1)[0] as Extract<ServerFrame, { t: T }>
      const left = until - Date.now()
      if (left <= 0) throw new Error(`no ${t} ${id ?? ''}; there are ${JSON.stringify(this.frames).slice(0, 600)}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  async ask<T extends ServerFrame['t']>(frame: { id: number } & Record<string, unknown>, t: T): Promise<Extract<ServerFrame, { t: T }>> {
    this.send(frame)
    return this.next(t, frame.id)
  }

  rows(t: 'snapshot' | 'data', id: number): Row[] {
    return this.frames.flatMap((frame) => (frame.t === t && frame.id === id ? frame.rows : []))
  }
}

/** Waits for something to become true. */
export const until = async (holds: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> => {
  for (const end = Date.now() + ms; Date.now() < end; ) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error(`not within ${ms} ms: ${holds}`)
}
