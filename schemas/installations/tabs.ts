import { suggestion } from '../problems.js'
import type { Finding } from './finding.js'

/** A tab of a workbook: its rows as texts, the first of them the headers; an empty cell is the empty text, a date is written 2022-06-15. */
export interface Tab {
  name: string
  rows: readonly (readonly string[])[]
}

export const SENSORS_TAB = 'Export_InstallationSensors'
export const ACCESS_TAB = 'Export_Access'
export const CAPTIONS_TAB = 'InstallationCaptions'

export const COLUMNS = {
  [SENSORS_TAB]: ['InstallationId', 'StartDate', 'FlmId', 'Function', 'Network', 'Prod', 'Cons', 'VE', 'SensorId', 'Token'],
  [ACCESS_TAB]: ['Login', 'InstallationId'],
  [CAPTIONS_TAB]: ['InstallationId', 'Caption']
} as const
export type TabName = keyof typeof COLUMNS
export type Column<Name extends TabName> = (typeof COLUMNS)[Name][number]
const TABS = Object.keys(COLUMNS) as TabName[]

/** More rows than any group of homes has sensors. */
export const MAX_ROWS = 20_000

/** A row of a tab that is not empty. */
export interface Line<Name extends TabName> {
  /** As the spreadsheet numbers it. */
  row: number
  /** The cell of a column, without space around it. */
  cell(column: Column<Name>): string
}

export interface Lines {
  [SENSORS_TAB]: Line<typeof SENSORS_TAB>[]
  [ACCESS_TAB]: Line<typeof ACCESS_TAB>[]
  [CAPTIONS_TAB]: Line<typeof CAPTIONS_TAB>[]
}

/** The lines of the three tabs, if there is nothing wrong with tabs and headers; columns may stand in any order. */
export const linesOf = (tabs: readonly Tab[]): { lines: Lines; findings: Finding[] } => {
  const findings: Finding[] = []
  for (const { name } of tabs)
    if (!TABS.includes(name as TabName)) findings.push(wrong(name, 0, '', 'nobody knows this tab', suggestion(name, TABS)))
  const read = <Name extends TabName>(name: Name): Line<Name>[] => {
    const [tab, ...others] = tabs.filter((each) => each.name === name)
    if (tab === undefined) findings.push(wrong(name, 0, '', 'the tab is missing', `A workbook has the tabs ${TABS.join(', ')}.`))
    else if (others.length > 0) findings.push(wrong(name, 0, '', 'there are two tabs of this name', 'Keep one of them.'))
    else return tabLines(name, tab.rows, findings)
    return []
  }
  const lines = { [SENSORS_TAB]: read(SENSORS_TAB), [ACCESS_TAB]: read(ACCESS_TAB), [CAPTIONS_TAB]: read(CAPTIONS_TAB) }
  return { lines, findings }
}

const tabLines = <Name extends TabName>(name: Name, rows: readonly (readonly string[])[], findings: Finding[]): Line<Name>[] => {
  const wanted: readonly string[] = COLUMNS[name]
  const headers = (rows[0] ?? []).map((header) => header.trim())
  const before = findings.length
  for (const [i, header] of headers.entries()) {
    if (!wanted.includes(header) && (header !== '' || rows.some((row) => (row[i] ?? '').trim() !== '')))
      findings.push(wrong(name, 1, header || `column ${i + 1}`, 'nobody knows this column', suggestion(header, wanted)))
    else if (header !== '' && headers.indexOf(header) !== i)
      findings.push(wrong(name, 1, header, 'there are two columns of this name', 'Keep one of them.'))
  }
  for (const column of wanted)
    if (!headers.includes(column)) findings.push(wrong(name, 1, column, 'the column is missing', `Headers: ${wanted.join(', ')}.`))
  if (rows.length > MAX_ROWS) findings.push(wrong(name, 0, '', `the tab has ${rows.length} rows`, `At most ${MAX_ROWS} are read.`))
  if (findings.length > before) return []
  return rows.flatMap((cells, i) => {
    if (i === 0 || cells.every((cell) => cell.trim() === '')) return []
    return [{ row: i + 1, cell: (column: Column<Name>) => (cells[headers.indexOf(column)] ?? '').trim() }]
  })
}

const wrong = (tab: string, row: number, column: string, message: string, mend: string): Finding => ({
  level: 'error',
  tab,
  row,
  column,
  message,
  mend
})
