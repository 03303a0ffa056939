import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { meterInflux } from '../../api/metrics-influx.js'
import { energyDashboard } from '../../infra/grafana/energy.js'
import { type Dashboard, INFLUX, PROMETHEUS } from '../../infra/grafana/panel.js'
import { platformDashboard } from '../../infra/grafana/platform.js'
import { recordedCurve } from '../whole/files.js'
import { type Json, openWhole, type Whole } from '../whole/platform.js'

/** What can be said of dashboards without a Grafana; test/engines/grafana.test.ts asks their questions. */

const FOLDER = resolve(import.meta.dirname, '../../infra/grafana/dashboards')
const DASHBOARDS: [string, Dashboard][] = [
  ['energy', energyDashboard],
  ['platform', platformDashboard]
]
/** Of Grafana's own list. */
const UNITS = new Set(['none', 'short', 'kwatt', 'watt', 'kwatth', 'percentunit', 's', 'cps', 'bytes'])

describe.each(DASHBOARDS)('%s', (name, dashboard) => {
  const targets = dashboard.panels.flatMap(({ targets }) => targets as Json[])

  test('what Grafana takes is what is written here (npm run grafana)', () => {
    expect(JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8'))).toEqual(JSON.parse(JSON.stringify(dashboard)))
  })

  test('panels have names, numbers and places of their own, and units', () => {
    const taken = new Set<string>()
    for (const { title, gridPos, fieldConfig } of dashboard.panels) {
      expect(title).not.toBe('')
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(taken.has(`${x} ${y}`), title).toBe(false)
          taken.add(`${x} ${y}`)
        }
      expect(UNITS).toContain((fieldConfig.defaults as Json).unit)
    }
    for (const of of [dashboard.panels.map(({ id }) => id), dashboard.panels.map(({ title }) => title)])
      expect(new Set<unknown>(of).size).toBe(of.length)
  })

  test('every question goes to a data source that is chosen above, and names variables that are there', () => {
    const variables = dashboard.templating.list.map(({ name }) => name)
    for (const { datasource, query = '', expr = '' } of [...targets, ...dashboard.panels, ...dashboard.templating.list] as Json[]) {
      if (datasource) {
        expect([INFLUX, PROMETHEUS]).toContainEqual(datasource)
        expect(variables).toContain(datasource.uid.slice(1))
      }
      for (const [, used] of `${query} ${expr}`.matchAll(/\$(\w+)/g))
        if (!used.startsWith('__') && used !== 'timeFilter') expect(variables).toContain(used)
    }
    for (const { refId } of targets) expect(refId).toMatch(/^[A-Z]$/)
    expect(dashboard.uid).toMatch(/^[a-z-]{1,40}$/)
  })
})

describe('what Prometheus is asked', () => {
  let whole: Whole
  beforeAll(async () => {
    whole = await openWhole()
    await whole.take(recordedCurve('F5D_0291_0762_20231115.0'))
  })
  afterAll(() => whole.close())

  test('is what /metrics tells, by labels it has', async () => {
    // The sink's own, which only tells with an InfluxDB.
    const registry = new Registry()
    meterInflux(registry, { counts: { written: 1, removed: 0, setAside: 0 }, trouble: () => null })
    const { body } = await whole.send('GET', '/metrics')
    const told = `${body}\n${await registry.metrics()}`
    const labels = new Map<string, Set<string>>()
    for (const [, metric] of told.matchAll(/^# TYPE (\w+)/gm)) labels.set(metric, new Set())
    for (const [, metric, list] of told.matchAll(/^(\w+?)(?:_bucket|_sum|_count)?\{(.+)\} /gm))
      for (const [, label] of list.matchAll(/(\w+)="/g)) (labels.get(metric) ?? new Set()).add(label)
    for (const { targets } of platformDashboard.panels)
      for (const { expr, legendFormat } of targets as Json[]) {
        const [metric] = expr.match(/wattledger_\w+/)
        const known = labels.get(metric.replace(/_bucket$/, ''))
        expect(known, metric).toBeDefined()
        const by = /by \(([^)]+)\)/.exec(expr)?.[1].split(', ') ?? []
        const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label)
        for (const label of named) expect(by).toContain(label)
        // What nobody has rejected or read yet has no row to show its label.
        if (known!.size > 0) for (const label of by) expect([...known!], metric).toContain(label)
      }
  })
})
