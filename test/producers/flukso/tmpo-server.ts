import { type IncomingMessage, createServer as plain, type ServerResponse } from 'node:http'
import { createServer as secure } from 'node:https'
import type { AddressInfo } from 'node:net'
import { isBlockId } from '../../../producers/flukso/block.js'
import { type StoredBlock, syncAnswer } from '../../../producers/flukso/sync.js'

/** Of one sensor: its token, and its blocks by `<rid>/<level>/<bid>`. */
export interface Served {
  token: string
  blocks: Map<string, Buffer>
}

export interface Ask {
  path: string
  headers: IncomingMessage['headers']
}

export interface TmpoService {
  url: string
  sensors: Map<string, Served>
  /** What it was asked, in order. */
  asks: Ask[]
  /** Most requests that were answered at one time. */
  most(): number
  /** Answers instead of the service, where it says something: a status, or bytes. */
  instead: (path: string) => number | Buffer | 'silence' | null
  close(): Promise<void>
}

const HEX = /^[0-9a-f]{32}$/

/**
 * The vendor's service, as its clients and server say it answers: versions, tokens, the sync rule (producers/flukso/sync.ts) and
 * error codes. On loopback.
 */
export const serveTmpo = async ({
  delayMs = 0,
  tls
}: {
  delayMs?: number
  tls?: { key: string; cert: string }
} = {}): Promise<TmpoService> => {
  const sensors: TmpoService['sensors'] = new Map()
  const asks: Ask[] = []
  let open = 0
  let most = 0
  const service = { instead: (_path: string) => null } as unknown as TmpoService
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://service')
    const end = (status: number, body: string | Buffer = '', type = 'text/plain') =>
      response.writeHead(status, { 'content-type': type }).end(body)
    const instead = service.instead(pathname)
    if (instead === 'silence') return
    if (typeof instead === 'number') return void end(instead)
    if (instead !== null) return void end(200, instead)
    const [, sensor, sid, tmpo, ...rest] = pathname.split('/')
    const said = (name: string): string | null => {
      const header = request.headers[`x-${name}`]
      const query = searchParams.get(name)
      return header !== undefined && query !== null ? null : (query ?? (header as string | undefined) ?? null)
    }
    const token = said('token')
    if (sensor !== 'sensor' || tmpo !== 'tmpo' || said('version') !== '1.0' || !HEX.test(sid) || token === null || !HEX.test(token))
      return void end(400)
    const served = sensors.get(sid)
    if (served?.token !== token) return void end(401, 'Access refused')
    const inventory = [...served.blocks.keys()].map((key): StoredBlock => {
      const [rid, level, bid] = key.split('/').map(Number)
      return { rid, level, bid }
    })
    if (rest.length === 1 && rest[0] === 'sync') {
      const [rid, level, bid] = ['rid', 'lvl', 'bid'].map((name) => Number(searchParams.get(name) ?? 'x'))
      if (![rid, level, bid].every(Number.isInteger)) return void end(400)
      const blocks = syncAnswer({ rid, level, bid }, inventory)
      if (blocks === null) return void end(597)
      return void end(
        200,
        JSON.stringify(blocks.map((block) => ({ rid: block.rid, lvl: block.level, bid: block.bid, ext: 'gz' }))),
        'application/json'
      )
    }
    const [rid, level, bid] = rest.map(Number)
    if (rest.length !== 3 || !isBlockId({ level, bid }) || !Number.isInteger(rid)) return void end(400)
    const bytes = served.blocks.get(rest.join('/'))
    return void (bytes ? end(200, bytes, 'application/gzip') : end(404))
  }
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    asks.push({ path: request.url ?? '', headers: request.headers })
    most = Math.max(most, ++open)
    response.on('close', () => open--)
    setTimeout(() => answer(request, response), delayMs)
  }
  const server = tls ? secure(tls, listener) : plain(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(service, {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sensors,
    asks,
    most: () => most,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      })
  })
}
