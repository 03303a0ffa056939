import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

/** What a request is answered instead of being done; `lost`: it is done, and nobody hears of it. */
export type Fault = { status: number; message?: string; retryAfterS?: number } | 'reset' | 'silence' | 'lost'

export interface Asked {
  path: '/api/v2/write' | '/api/v2/delete'
  token: string
  query: URLSearchParams
  /** Of a write; empty for a delete. */
  lines: string[]
  /** Of a delete. */
  predicate: string
}

/**
 * The two requests of InfluxDB 2 that the sink makes, with points in a map: for answers that a real one does not give when it is asked to.
 * What a real one makes of our lines is tested in test/engines.
 */
export interface FaultServer {
  url: string
  asked: Asked[]
  /** Line by place (measurement, tags and instant). */
  points: Map<string, string>
  /** Judges every request; null: it is done. */
  judge(fault: (asked: Asked) => Fault | null): void
  close(): Promise<void>
}

const placeOf = (line: string): string => line.replace(/^(.*?(?<!\\)) .* (\d+)$/, '$1 $2')

const removedPlace = (body: { start: string; predicate: string }): string => {
  const parts = [...body.predicate.matchAll(/(\w+)=("(?:[^"\\]|\\.)*")/g)].map(([, name, value]) => [name, JSON.parse(value)] as const)
  const [[, measurement], ...tags] = parts
  return `${[measurement, ...tags.map(([name, value]) => `${name}=${value}`)].join(',')} ${Date.parse(body.start)}`
}

export const faultServer = async (): Promise<FaultServer> => {
  let judge: (asked: Asked) => Fault | null = () => null
  const points = new Map<string, string>()
  const all: Asked[] = []
  const read = async (request: IncomingMessage): Promise<Buffer> => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    const bytes = Buffer.concat(parts)
    return request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes
  }
  const done = ({ path, lines }: Asked, body: string): void => {
    if (path === '/api/v2/write') for (const line of lines) points.set(placeOf(line), line)
    else points.delete(removedPlace(JSON.parse(body)))
  }
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = (await read(request)).toString()
    const { pathname, searchParams } = new URL(request.url!, 'http://localhost')
    const isWrite = pathname === '/api/v2/write'
    const asked: Asked = {
      path: pathname as Asked['path'],
      token: request.headers.authorization ?? '',
      query: searchParams,
      lines: isWrite ? body.split('\n') : [],
      predicate: isWrite ? '' : JSON.parse(body).predicate
    }
    all.push(asked)
    const fault = judge(asked)
    if (fault === 'silence') return
    if (fault === 'reset') return void request.socket.destroy()
    if (fault === null || fault === 'lost') done(asked, body)
    if (fault === 'lost') return void request.socket.destroy()
    const { status, message = 'as you wish', retryAfterS } = fault ?? { status: 204 }
    const headers = { 'content-type': 'application/json', ...(retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }) }
    response.writeHead(status, headers).end(status === 204 ? undefined : JSON.stringify({ code: 'invalid', message }))
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: all,
    points,
    judge: (fault) => {
      judge = fault
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}
