import { expect, test } from 'vitest'
import { cupsOf, curveLine, f5d, HOUR, hours, utc } from './files.js'
import { withWhole } from './platform.js'

/** Answers that the page shows as they are. */

const HOME = cupsOf(77)
const FROM = utc('2024-05-01T22:00Z')

test('an upload says where its readings went, also when they had been read before', () =>
  withWhole(async ({ send }) => {
    const { bytes } = f5d(
      'F5D_0291_0762_20240602.0',
      HOME,
      hours(FROM, FROM + 24 * HOUR, () => 100)
    )
    const upload = async () => JSON.parse((await send('POST', '/v1/files?name=F5D_0291_0762_20240602.0', bytes)).body)
    const touched = [{ point: HOME, register: '1.8.0', from: '2024-05-01T22:00:00.000Z', to: '2024-05-02T22:00:00.000Z' }]
    expect(await upload()).toMatchObject({ source: 'infoenergia', readings: 24, already: false, touched })
    expect(await upload()).toMatchObject({ source: 'infoenergia', readings: 0, already: true, touched })
    expect(JSON.parse((await send('POST', '/v1/files?name=notes.txt', 'hello')).body)).toMatchObject({ source: '', touched: [] })
  }))

test('the bytes of a file come back as they went in, to whom every point is open', () =>
  withWhole(async ({ send, platform }) => {
    const { bytes } = f5d(
      'F5D_0291_0762_20240602.0',
      HOME,
      hours(FROM, FROM + 24 * HOUR, () => 100)
    )
    const { origin } = JSON.parse((await send('POST', '/v1/files?name=sub/F5D_0291_0762_20240602.0', bytes)).body)
    const get = (token: string) => platform.app.inject({ url: `/v1/files/${origin}`, headers: { authorization: `Bearer ${token}` } })
    const answer = await get(platform.token)
    expect(answer.statusCode).toBe(200)
    expect(answer.rawPayload.equals(Buffer.from(bytes))).toBe(true)
    expect(answer.headers['content-disposition']).toBe('attachment; filename="F5D_0291_0762_20240602.0"')
    const grants = [{ point: HOME, from: null, to: null }]
    const ana = JSON.stringify({ name: 'ana', role: 'reader', grants })
    const added = await send('POST', '/v1/access', ana, { 'content-type': 'application/json' })
    expect((await get(JSON.parse(added.body).token)).statusCode).toBe(403)
    const missing = await platform.app.inject({
      url: `/v1/files/${'0'.repeat(64)}`,
      headers: { authorization: `Bearer ${platform.token}` }
    })
    expect(missing.statusCode).toBe(404)
  }))

test('a file of more meters than anybody reads names the first hundred', () =>
  withWhole(async ({ send }) => {
    const lines = Array.from({ length: 130 }, (_, i) => curveLine(cupsOf(1000 + i), { start: FROM, wh: 1 }))
    const { body } = await send('POST', '/v1/files?name=F5D_0291_0762_20240602.0', lines.join('\n'))
    expect([JSON.parse(body).readings, JSON.parse(body).touched.length]).toEqual([130, 100])
  }))

test('the golden traces stand beside what others make of them', () =>
  withWhole(async ({ ask }) => {
    const { others, traces } = await ask('/v1/rules')
    expect(others).toEqual(expect.arrayContaining(['Home Assistant', 'emonCMS', 'OED']))
    const blip = traces.find(({ name }: { name: string }) => name === 'zero blip')
    expect(blip.readings.map(({ kwh }: { kwh: string }) => kwh)).toEqual(['3.737', '0.000', '3.746', '3.756'])
    expect(blip.ours).toMatchObject({ milli: 19_000, kwh: '0.019000', tail: false, suspects: ['glitch'] })
    expect(blip.ours.rules).toEqual([{ rule: 'glitch', sentence: expect.stringContaining('not believable') }])
    expect(blip.others).toContainEqual({ name: 'emonCMS', milli: 3_756_000, kwh: '3.756000' })
    expect(traces.find(({ name }: { name: string }) => name === 'reset').ours.tail).toBe(true)
  }))
