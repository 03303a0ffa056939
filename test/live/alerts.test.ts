import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Row } from '../../api/client/frames.js'
import { connect } from '../../api/client/node.js'
import { Table } from '../../api/client/table.js'
import { alertKey } from '../../schemas/alerts.js'
import { until } from '../whole/child.js'
import { cups, openSite, RawSocket, type Site } from './platform.js'

/** A file with a line that cannot be read is an alert; here it comes over the socket, is acknowledged there, and comes back so. */
let site: Site
beforeAll(async () => {
  site = await openSite()
})
afterAll(() => site.close())

const broken = async (name: string): Promise<string> => {
  const headers = { authorization: `Bearer ${site.platform.token}`, 'content-type': 'application/octet-stream' }
  const payload = `${cups(1)}0F;2024/01/08 01:00;0;abc${name};0;;;;;1;1;F1;\r\n`
  const answer = await site.platform.app.inject({ method: 'POST', url: `/v1/files?name=F5D_0031_0762_${name}.0`, headers, payload })
  return answer.json().origin
}
const select = { points: '*', measure: 'alerts' } as const

test('snapshot, then what comes; acknowledged over the same socket; resumed by cursor', async () => {
  const first = await broken('20240109')
  const table = new Table()
  const live = connect({ url: site.url, token: site.platform.token })
  try {
    const subscription = live.subscribe({ select }, { reset: () => table.clear(), rows: (rows) => table.apply(rows) })
    const states = (): [string, string | undefined][] => table.rows().map(({ k, a }) => [k.split('|')[0], a?.state])
    await until(async () => expect(states()).toEqual([[first, 'firing']]))
    const second = await broken('20240110')
    await until(async () =>
      expect(states().sort()).toEqual(
        [
          [first, 'firing'],
          [second, 'firing']
        ].sort()
      )
    )
    const row = table.rows().find(({ k }) => k.startsWith(second)) as Row
    expect(row).toMatchObject({ op: 'put', q: 'warning', u: 'count', v: 1, a: { rule: 'block-rejected', occurrences: 1 } })
    const key = alertKey({ rule: 'block-rejected', subject: second, register: '', since: row.s })
    expect(await live.ack(key, 'seen')).toMatchObject({ state: 'acked', ackedBy: 'owner', note: 'seen' })
    await until(async () => expect(new Map(states()).get(second)).toBe('acked'))

    const raw = await RawSocket.greet(site.url, site.platform.token)
    raw.send({ t: 'sub', id: 1, select, from: { cursor: subscription.cursor } })
    expect(await raw.next('subscribed', 1)).toMatchObject({ resumed: true })
    raw.socket.close()
  } finally {
    live.close()
  }
})

test('who may not see all sees nothing of it, and may acknowledge nothing', async () => {
  const origin = await broken('20240111')
  const raw = await RawSocket.greet(site.url, await site.reader([{ point: cups(1) }]))
  raw.send({ t: 'sub', id: 1, select })
  await raw.next('live', 1)
  expect(raw.frames.filter(({ t }) => t === 'snapshot')).toEqual([])
  raw.send({ t: 'ack', id: 2, alertKey: alertKey({ rule: 'block-rejected', subject: origin, register: '', since: 0 }) })
  expect(await raw.next('error', 2)).toMatchObject({ code: 'forbidden', ends: true })
  raw.socket.close()
})
