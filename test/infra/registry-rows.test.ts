import { expect, test } from 'vitest'
import { openRegistryRows } from '../../infra/registry-rows.js'
import type { Point } from '../../schemas/generated.js'
import { Topics } from '../../schemas/topics.js'
import { withEmbedded } from '../engines/undisturbed.js'

const row: Point = {
  point: 'test/01',
  validFrom: 0,
  knownAt: 1,
  deleted: false,
  name: 'Workshop',
  installations: [],
  zone: '',
  natives: ['test/x'],
  devices: [],
  registers: []
}

test('a record that is none keeps no program from starting: the rows around it count', () =>
  withEmbedded(async ({ log, wire }) => {
    await log.create([Topics.registryPoints])
    for (const value of [Buffer.from('{"kWh": 1}'), wire.encode('Point', row)])
      await log.append(Topics.registryPoints, [{ key: row.point, value }])
    const stop = new AbortController()
    const registry = await openRegistryRows(log, wire, stop.signal)
    expect(await registry.versions()).toEqual([row])
    expect(registry.resolve('test/x')).toBe('test/01')
    stop.abort()
  }))
