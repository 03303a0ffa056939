import { readFileSync } from 'node:fs'
import papaparse from 'papaparse'
import type { Tab } from '../../../schemas/installations/tabs.js'

const folder = new URL('../../recorded/flukso/synthetic/config/', import.meta.url)

export const SAMPLE = new URL('Configuration01_20220701.xlsx', folder)

const tab = (name: string, file = name): Tab => ({
  name,
  rows: papaparse.parse<string[]>(readFileSync(new URL(`${file}.csv`, folder), 'utf8').trimEnd()).data
})

/** The tabs of the sample; `v2` has the signs of the PV clamps swapped. */
export const sampleTabs = (version: 'v1' | 'v2' = 'v1'): Tab[] => [
  tab('Export_InstallationSensors', version === 'v2' ? 'Export_InstallationSensors.v2' : undefined),
  tab('Export_Access'),
  tab('InstallationCaptions')
]

/** The sample with one cell, or one whole row, another; `row` as a spreadsheet numbers it. */
export const changed = (tabs: readonly Tab[], name: string, row: number, cells: Record<string, string> | null): Tab[] =>
  tabs.map((each) => {
    if (each.name !== name) return each
    const [headers] = each.rows
    const rows = each.rows.flatMap((old, i) => {
      if (i !== row - 1) return [old]
      return cells === null ? [] : [old.map((text, column) => cells[headers[column]] ?? text)]
    })
    return { name, rows }
  })

/** The sample with a row more. */
export const added = (tabs: readonly Tab[], name: string, cells: Record<string, string>): Tab[] =>
  tabs.map((each) => (each.name === name ? { name, rows: [...each.rows, each.rows[0].map((header) => cells[header] ?? '')] } : each))
