import { afterAll, beforeAll, expect, test } from 'vitest'
import { sources } from '../../producers/index.js'
import { LineReader } from './line-reader.js'
import { cups, HOUR, openSite, type Site, START, until } from './platform.js'

/** Alerts and changes as JSON lines, on a platform as it is: what they say is what GET says, and a cursor goes on exactly there. */
let site: Site
beforeAll(async () => {
  site = await openSite()
  // Ten days, so that the last of them is over by any clock.
  for (const point of [1, 2]) await site.send([{ point, from: 0, hours: 240, wh: () => 10 }])
  await site.platform.settle()
})
afterAll(() => site.close())

const follow = (kind: 'alerts' | 'changes', query: Record<string, string> = {}, token = site.platform.token) =>
  LineReader.open(site.http, `/v1/${kind}/stream`, token, query)
const ask = async (path: string) => {
  const headers = { authorization: `Bearer ${site.platform.token}` }
  return (await site.platform.app.inject({ method: 'GET', url: path, headers })).json()
}
const broken = async (day: string): Promise<string> => {
  const headers = { authorization: `Bearer ${site.platform.token}`, 'content-type': 'application/octet-stream' }
  const payload = `${cups(1)}0F;2024/01/08 01:00;0;abc${day};0;;;;;1;1;F1;\r\n`
  const answer = await site.platform.app.inject({ method: 'POST', url: `/v1/files?name=F5D_0031_0762_${day}.0`, headers, payload })
  return answer.json().origin
}
const told = ({ t, cursor, ...line }: Record<string, unknown>) => line

test('alerts: those that stand, then every step, as GET /v1/alerts tells them; a cursor goes on behind its line', async () => {
  const first = await broken('20240201')
  const reader = await follow('alerts')
  expect(await reader.has('live')).toMatchObject({ cursor: expect.any(String) })
  expect(reader.lines[0]).toEqual({ t: 'begin', resumed: false })
  const standing = (await ask('/v1/alerts')).alerts
  expect(reader.of('alert').map(told)).toEqual(standing)
  expect(standing).toMatchObject([{ subject: first, rule: 'block-rejected', state: 'firing' }])
  const { cursor } = reader.of('live')[0]
  reader.close()

  const second = await broken('20240202')
  const third = await broken('20240203')
  const resumed = await follow('alerts', { cursor: cursor! })
  await resumed.has('alert', 2)
  expect(resumed.lines[0]).toEqual({ t: 'begin', resumed: true })
  expect(resumed.of('alert').map(({ subject }) => subject)).toEqual([second, third])
  const fromTheFirst = await follow('alerts', { cursor: resumed.of('alert')[0].cursor! })
  await fromTheFirst.has('live')
  expect(fromTheFirst.of('alert').map(({ subject }) => subject)).toEqual([third])
  const late = await follow('alerts', { from: '2100-01-01' })
  await late.has('live')
  expect(late.of('alert')).toEqual([])
  for (const each of [resumed, fromTheFirst, late]) each.close()
})

test('changes: what was told and is told otherwise, before and after; what is new is none', async () => {
  const since = new Date().toISOString()
  const days = await follow('changes')
  const hours = await follow('changes', { grid: 'PT1H', point: cups(1), register: '1.8.0' })
  const intervals = await follow('changes', { grid: 'intervals', point: cups(1), register: '1.8.0' })
  for (const each of [days, hours, intervals]) await each.has('live')
  await site.send([{ point: 1, from: 240, hours: 24, wh: () => 10 }])
  await site.send([{ point: 1, from: 30, hours: 2, wh: () => 70 }])
  await hours.has('change', 2)
  await intervals.has('change', 2)
  const day = await days.has('change')
  await site.platform.settle()

  const { changes } = await ask(`/v1/changes?since=${since}`)
  expect(changes).toHaveLength(1)
  const { point, register, unit, day: start, before, after, revisedAt } = changes[0]
  expect(days.of('change')).toHaveLength(1)
  expect(day).toMatchObject({ point, register, unit, start, before, after, revisedAt, grid: 'P1D' })
  expect([day.before.milli, day.after.milli]).toEqual([240_000, 360_000])
  const hour = (at: number) => new Date(START + at * HOUR).toISOString()
  for (const [reader, grid] of [
    [hours, 'PT1H'],
    [intervals, 'intervals']
  ] as const) {
    expect(reader.of('change').map((line) => [line.grid, line.start, line.before, line.after])).toEqual(
      [30, 31].map((at) => [
        grid,
        hour(at),
        { end: hour(at + 1), milli: 10_000, kwh: '0.010000', quality: expect.any(String), op: 'put' },
        { end: hour(at + 1), milli: 70_000, kwh: '0.070000', quality: expect.any(String), op: 'put' }
      ])
    )
  }

  // In the middle of one record, and after rows that were no changes.
  const [one, two] = hours.of('change')
  for (const [cursor, left] of [
    [one.cursor!, [told(two)]],
    [two.cursor!, []]
  ] as const) {
    const resumed = await follow('changes', { grid: 'PT1H', point: cups(1), register: '1.8.0', cursor })
    await resumed.has('live')
    expect(resumed.of('change').map(told)).toEqual(left)
    resumed.close()
  }
  for (const each of [days, hours, intervals]) each.close()
})

test('a cursor that cannot be gone on from is said to be none, and of somebody else it is refused', async () => {
  const reader = await follow('changes')
  const { cursor } = await reader.has('live')
  const other = await follow('changes', { cursor: cursor!, grid: 'PT1H' })
  const made = await follow('changes', { cursor: `${cursor}x` })
  expect([await other.has('begin'), await made.has('begin')]).toEqual([
    { t: 'begin', resumed: false, reason: 'other-selection' },
    { t: 'begin', resumed: false, reason: 'unknown-cursor' }
  ])
  await expect(follow('changes', { cursor: cursor! }, await site.reader([{ point: '*' }]))).rejects.toThrow('HTTP 403')
  for (const each of [reader, other, made]) each.close()
})

test('nothing is told that is not open, and a wrong question is answered, not begun', async () => {
  const mine = await site.reader([{ point: cups(2) }])
  const [changes, alerts] = [await follow('changes', { grid: 'PT1H' }, mine), await follow('alerts', {}, mine)]
  await Promise.all([changes.has('live'), alerts.has('live')])
  await broken('20240204')
  await site.send([1, 2].map((point) => ({ point, from: 50, hours: 1, wh: () => 33 })))
  expect(await changes.has('change')).toMatchObject({ point: cups(2) })
  await site.platform.settle()
  expect([changes.of('change').length, alerts.of('alert').length]).toEqual([1, 0])
  await expect(follow('changes', { point: cups(1) }, mine)).rejects.toThrow('HTTP 404')
  await expect(follow('changes', { grid: 'PT7M' })).rejects.toThrow('HTTP 400')
  for (const role of ['device', 'nobody']) {
    const token = role === 'nobody' ? 'wrong' : await site.reader([], role)
    for (const kind of ['alerts', 'changes'] as const) await expect(follow(kind, {}, token)).rejects.toThrow(/HTTP 40[13]/)
  }
  for (const each of [changes, alerts]) each.close()
})

test('a token that is taken back ends its streams with the reason, and nothing comes after it', async () => {
  const headers = { authorization: `Bearer ${site.platform.token}` }
  const payload = { name: 'guest', role: 'reader', grants: [{ point: '*' }] }
  const { token } = (await site.platform.app.inject({ method: 'POST', url: '/v1/access', headers, payload })).json()
  const reader = await follow('changes', { grid: 'PT1H' }, token)
  const { cursor } = await reader.has('live')
  await site.platform.app.inject({ method: 'DELETE', url: '/v1/access/guest', headers })
  await until(() => reader.ended)
  expect(reader.lines.at(-1)).toMatchObject({ t: 'error', code: 'unauthorized', retryable: false, cursor })
  await expect(follow('changes', {}, token)).rejects.toThrow('HTTP 401')
})

test('at most 64 at a time by one person', async () => {
  const token = await site.reader([{ point: '*' }])
  const open = await Promise.all(Array.from({ length: 64 }, () => follow('alerts', {}, token)))
  await expect(follow('alerts', {}, token)).rejects.toThrow('HTTP 429')
  open[0].close()
  await until(async () => {
    const again = await follow('alerts', {}, token).catch(() => null)
    again?.close()
    return again !== null
  })
  for (const each of open) each.close()
})

test('a server that ends says when to come back, and a cursor is good after the restart', async () => {
  const reader = await follow('changes', { grid: 'PT1H' })
  await reader.has('live')
  await site.send([{ point: 2, from: 60, hours: 1, wh: () => 44 }])
  await reader.has('change')
  await site.restart()
  await until(() => reader.ended)
  expect(reader.lines.at(-1)).toMatchObject({ t: 'draining', reconnectAfterMs: expect.any(Number) })
  const again = await follow('changes', { grid: 'PT1H', cursor: reader.cursor })
  await again.has('live')
  expect([again.lines[0].resumed, again.of('change')]).toEqual([true, []])
  again.close()
})

test('what a reader of the topics needs: the document of this ledger, and every schema by its id', async () => {
  const { channels, components } = await ask('/asyncapi.json')
  expect(channels.readings.parameters.source.enum).toEqual(sources.map(({ name }) => name))
  expect(channels.alerts.bindings.kafka.partitions).toBeGreaterThanOrEqual(4)
  const schemas: object[] = []
  for (let id = 1; schemas.length === id - 1; id++) {
    const { schema } = await ask(`/schemas/ids/${id}`)
    if (schema) schemas.push(JSON.parse(schema))
    else expect((await ask(`/schemas/ids/${id}`)).error.code).toBe('not_found')
  }
  for (const name of ['Intervals', 'Slots', 'Alert']) expect(schemas).toContainEqual(components.messages[name].payload.schema)
  expect((await site.platform.app.inject('/schemas/ids/1')).statusCode).toBe(401)
})
