import { expect, test, vi } from 'vitest'
import { openRegistryRows } from '../../infra/registry-rows.js'
import type { Installation, Point } from '../../schemas/generated.js'
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
    await log.create([Topics.registryPoints, Topics.registryInstallations])
    for (const value of [Buffer.from('{"kWh": 1}'), wire.encode('Point', row)])
      await log.append(Topics.registryPoints, [{ key: row.point, value }])
    const stop = new AbortController()
    const registry = await openRegistryRows(log, wire, stop.signal)
    expect(await registry.versions()).toEqual([row])
    expect(registry.resolve('test/x')).toBe('test/01')
    stop.abort()
  }))

test('installations are kept up like points, with whose points are, wherever they are entered', () =>
  withEmbedded(async ({ log, wire }) => {
    await log.create([Topics.registryPoints, Topics.registryInstallations])
    const stop = new AbortController()
    const [here, there] = [await openRegistryRows(log, wire, stop.signal), await openRegistryRows(log, wire, stop.signal)]
    const nothing = here.homes()
    expect([here.homes(), nothing.size]).toEqual([nothing, 0])
    const home: Installation = {
      installation: 'HOME01',
      validFrom: 10,
      knownAt: 0,
      deleted: false,
      name: '',
      zone: '',
      latitude: null,
      longitude: null,
      members: [{ point: 'flukso/a', register: '1.8.0', tot: 1, prod: 0, ve: 0, cons: 1, label: '', device: '', startDate: '' }]
    }
    const { knownAt } = await here.applyInstallations([home])
    expect(await here.installations()).toEqual([{ ...home, knownAt }])
    expect(here.homes()).toBe(here.homes())
    expect(here.homes().get('flukso/a')).toEqual([{ from: 10, to: Number.POSITIVE_INFINITY, installations: ['HOME01'] }])
    await vi.waitFor(async () => expect(await there.installations()).toEqual([{ ...home, knownAt }]), { timeout: 20_000 })
    expect(there.homes()).toEqual(here.homes())
    // The same row is known once; the next one later, whatever the clock says.
    expect((await there.applyInstallations([{ ...home, members: [] }])).knownAt).toBeGreaterThan(knownAt)
    await vi.waitFor(async () => expect(await here.installations()).toHaveLength(2), { timeout: 20_000 })
    expect(here.homes().size).toBe(0)
    stop.abort()
  }))
