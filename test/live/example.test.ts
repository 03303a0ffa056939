import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as client from '../../api/client/node.js'
import { LIMITS } from '../../api/live/limits.js'
import { cups, openSite, until } from './platform.js'

const page = readFileSync(new URL('../../docs/websocket.md', import.meta.url), 'utf8')

test('the ten lines of docs/websocket.md work as they stand', async () => {
  const site = await openSite()
  await site.send([1, 2].map((point) => ({ point, from: 0, hours: 30, wh: () => 10 })))
  await site.platform.settle()
  const code = /```js\n([\s\S]*?)```/.exec(page)![1]
  expect(code.trimEnd().split('\n').length).toBeLessThanOrEqual(10)
  const [first, ...rest] = code.split('\n')
  expect(first).toBe("import { connect, Table } from './dist/api/client/node.js'")
  const said: string[] = []
  // Its import and its address are those of a checkout that runs; here, of this test.
  const body = rest.join('\n').replace('ws://127.0.0.1:8080/v1/live', site.url)
  const run = new Function('connect', 'Table', 'process', 'console', `${body}\nreturn { live, table }`)
  const { live, table } = run(
    client.connect,
    client.Table,
    { env: { WATTLEDGER_TOKEN: site.platform.token } },
    { log: (line: string) => said.push(line) }
  )
  await until(() => said.length === 1)
  expect(said).toEqual(['2 series, and from now on every change'])
  await site.send([{ point: 1, from: 30, hours: 2, wh: () => 70 }])
  await until(() => table.rows(`${cups(1)}|1.8.0`).at(-1)?.v === 70_000)
  const pages: number[] = []
  for await (const rows of live.query({
    select: { points: [cups(1)], registers: ['1.8.0'], measure: 'intervals' },
    range: [0, 4e12],
    limit: 20
  })) {
    pages.push(rows.length)
  }
  expect(pages).toEqual([20, 12])
  const [row] = table.rows()
  expect((await live.explain({ k: row.k, s: row.s, grid: 'PT1H' })).point).toBe(cups(1))
  await expect(live.explain({ k: row.k, s: 0 })).rejects.toMatchObject({ code: 'not_found' })
  live.close()
  await site.close()
})

test('the page names the limits that hold', () => {
  const said = [
    `${LIMITS.subscriptions} subscriptions a socket`,
    '10 000 series a subscription',
    `frames of ${LIMITS.frameIn / 1024} KiB in and ${LIMITS.frameOut / 1024 ** 2} MiB out`,
    `${LIMITS.requestsPerSecond} requests a second (burst ${LIMITS.requestBurst}`,
    `${LIMITS.requests} queries and explanations`,
    `a ping every ${LIMITS.pingMs / 1000} s`
  ]
  for (const each of said) expect(page).toContain(each)
})
