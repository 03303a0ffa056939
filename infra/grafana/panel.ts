/** What Grafana keeps of a dashboard, as far as ours use it: its schema 39 (Grafana 10.4) and later. */
export interface Dashboard {
  uid: string
  title: string
  description: string
  tags: string[]
  schemaVersion: number
  version: number
  editable: boolean
  timezone: string
  refresh: string
  time: { from: string; to: string }
  templating: { list: Variable[] }
  panels: (Panel & { id: number; gridPos: { x: number; y: number; w: number; h: number } })[]
}

export interface Variable {
  name: string
  label: string
  type: 'datasource' | 'query'
  query: string
  datasource?: Source
  refresh?: number
  regex?: string
  multi?: boolean
  includeAll?: boolean
  current?: { text: string; value: string }
  options: []
}

/** The data source is a variable: whoever imports a dashboard, or has several, chooses. */
export interface Source {
  type: 'influxdb' | 'prometheus'
  uid: string
}

export interface Panel {
  type: string
  title: string
  description?: string
  datasource: Source
  targets: object[]
  fieldConfig: { defaults: object; overrides: object[] }
  options: object
  transformations?: object[]
  timeShift?: string
}

export const INFLUX: Source = { type: 'influxdb', uid: '$influx' }
export const PROMETHEUS: Source = { type: 'prometheus', uid: '$prometheus' }

const refId = (i: number): string => String.fromCharCode(65 + i)

/** `name`: of a series, with $tag_… for its tags. */
export interface InfluxQuestion {
  query: string
  name?: string
  as?: 'time_series' | 'table'
}

/** Colours, bounds and units of a panel's figures, as Grafana names them. */
export interface Looks {
  unit: string
  min?: number
  max?: number
  decimals?: number
  custom?: object
  mappings?: object[]
  thresholds?: object
  color?: object
}

type Told = Pick<Panel, 'type' | 'title'> &
  Partial<Pick<Panel, 'description' | 'transformations' | 'timeShift' | 'options'>> & { looks: Looks }

export const influxPanel = ({ looks, options = {}, ...told }: Told, questions: readonly InfluxQuestion[]): Panel => ({
  ...told,
  datasource: INFLUX,
  targets: questions.map(({ query, name, as = 'time_series' }, i) => ({
    refId: refId(i),
    datasource: INFLUX,
    rawQuery: true,
    query,
    resultFormat: as,
    ...(name === undefined ? {} : { alias: name })
  })),
  fieldConfig: { defaults: looks, overrides: [] },
  options
})

/** `questions`: PromQL by legend. */
export const prometheusPanel = (
  { looks, options = {}, ...told }: Told,
  questions: readonly (readonly [legend: string, expr: string])[]
): Panel => ({
  ...told,
  datasource: PROMETHEUS,
  targets: questions.map(([legendFormat, expr], i) => ({ refId: refId(i), datasource: PROMETHEUS, expr, legendFormat })),
  fieldConfig: { defaults: looks, overrides: [] },
  options
})

const WIDTH = 24

/** Panels row by row, each row shared evenly. */
export const laidOut = (rows: readonly { height: number; panels: readonly Panel[] }[]): Dashboard['panels'] => {
  const placed: Dashboard['panels'] = []
  let y = 0
  for (const { height: h, panels } of rows) {
    const w = Math.floor(WIDTH / panels.length)
    for (const [i, panel] of panels.entries()) placed.push({ id: placed.length + 1, gridPos: { x: i * w, y, w, h }, ...panel })
    y += h
  }
  return placed
}

export const dashboard = (
  told: Pick<Dashboard, 'uid' | 'title' | 'description' | 'time' | 'refresh' | 'panels'>,
  variables: readonly Variable[]
): Dashboard => ({
  ...told,
  tags: ['wattledger'],
  schemaVersion: 39,
  version: 1,
  editable: true,
  timezone: 'browser',
  templating: { list: [...variables] }
})

export const sourceVariable = (name: string, label: string, query: Source['type']): Variable => ({
  name,
  label,
  type: 'datasource',
  query,
  options: []
})
