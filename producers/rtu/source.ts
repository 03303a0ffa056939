import { isZone } from '../../schemas/zone.js'
import type { Payload, Source } from '../contract.js'
import { PARSER_VERSION, parsePage, SOURCE } from './page.js'

/** Pages have some kilobytes. */
export const MAX_PAGE = 1024 * 1024

/** What a page is kept under: whose it is, and what its bytes do not say. */
export const fileOf = (name: string, zone: string, receivedAt: number): string =>
  `rtu/${name}/${new Date(receivedAt).toISOString().replaceAll(':', '')}.html?zone=${zone}`

const FILE = /^rtu\/([A-Za-z0-9][A-Za-z0-9._-]{0,63})\/([^/]+)\.html\?zone=([\w/+-]{1,64})$/

const readBounded = async (payload: Payload): Promise<string> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of payload.open()) {
    chunks.push(chunk)
    size += chunk.length
    if (size > MAX_PAGE) break
  }
  return Buffer.concat(chunks).subarray(0, MAX_PAGE).toString('utf8')
}

/** Pages of ABB RTUs, fetched by poll.ts. */
export const rtu: Source = {
  name: SOURCE,
  parserVersion: PARSER_VERSION,
  fetched: true,
  zone: () => 'Europe/Brussels',
  aheadMs: 5 * 60_000,
  recognises: (name) => isZone(FILE.exec(name)?.[3] ?? ''),
  says: (name) => FILE.exec(name)?.[0] ?? '',
  async *parse(payload) {
    const [, name, , zone] = FILE.exec(payload.name) ?? []
    yield parsePage(await readBounded(payload), { name, zone, file: payload.name, origin: payload.origin, receivedAt: payload.receivedAt })
  }
}
