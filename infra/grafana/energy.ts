import { QUALITIES } from '../../schemas/quality.js'
import { type Dashboard, dashboard, INFLUX, influxPanel, type Looks, laidOut, sourceVariable, type Variable } from './panel.js'

/** Tags chosen above; they hold regular expressions. */
const CHOSEN = '"point" =~ /^$point$/ AND "register" =~ /^$register$/ AND $timeFilter'
const OF_GRID = `"grid" = '$grid' AND ${CHOSEN}`
const BY_SERIES = 'GROUP BY "point", "register"'
const NAME = '$tag_point $tag_register'

const variable = (name: string, label: string, query: string, more: Partial<Variable> = {}): Variable => ({
  name,
  label,
  type: 'query',
  datasource: INFLUX,
  query,
  refresh: 2,
  options: [],
  ...more
})

const VARIABLES: readonly Variable[] = [
  sourceVariable('influx', 'InfluxDB', 'influxdb'),
  variable('point', 'Point', 'SHOW TAG VALUES WITH KEY = "point"', { multi: true, includeAll: true }),
  variable('register', 'Register', 'SHOW TAG VALUES FROM "energy" WITH KEY = "register"', { current: { text: '1.8.0', value: '1.8.0' } }),
  variable('installation', 'Installation', 'SHOW TAG VALUES FROM "power" WITH KEY = "installation"', { multi: true, includeAll: true }),
  variable('grid', 'Grid', 'SHOW TAG VALUES FROM "energy" WITH KEY = "grid"', { regex: '/^PT/', current: { text: 'PT1H', value: 'PT1H' } })
]

const line = { drawStyle: 'line', lineInterpolation: 'stepAfter', fillOpacity: 12, spanNulls: false, lineWidth: 1 }
const bars = { drawStyle: 'bars', fillOpacity: 80, lineWidth: 0 }
const KWH: Looks = { unit: 'kwatth', min: 0 }
const legend = { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } }

const COLOURS = ['dark-green', 'green', 'semi-dark-green', 'blue', 'light-blue', 'yellow', 'orange', 'red']
const QUALITY: Looks = {
  unit: 'none',
  color: { mode: 'thresholds' },
  thresholds: { mode: 'absolute', steps: COLOURS.map((color, i) => ({ color, value: i === 0 ? null : i })) },
  mappings: [
    {
      type: 'value',
      options: Object.fromEntries(COLOURS.map((color, i) => [String(i), { text: QUALITIES[i].toLowerCase(), color, index: i }]))
    }
  ]
}
const SHARE: Looks = { unit: 'percentunit', min: 0, max: 1 }

const powerPanels = [
  influxPanel(
    {
      type: 'timeseries',
      title: 'Power',
      description:
        'Mean power of each slot: its energy by its length. A slot that is still filling is restated once a minute and shows too little.',
      looks: { unit: 'kwatt', custom: line },
      options: legend
    },
    [
      { query: `SELECT "kwh" * 4 FROM "energy" WHERE "grid" = 'PT15M' AND ${CHOSEN} ${BY_SERIES}`, name: `${NAME} 15 min` },
      { query: `SELECT "kwh" FROM "energy" WHERE "grid" = 'PT1H' AND ${CHOSEN} ${BY_SERIES}`, name: `${NAME} hour` }
    ]
  ),
  influxPanel(
    {
      type: 'timeseries',
      title: 'Power as meters say it',
      description: 'Momentary figures in W of those that send any; no energy is made of them.',
      looks: { unit: 'watt', custom: line },
      options: legend
    },
    [
      {
        query: `SELECT MEAN("value") FROM "gauge" WHERE "unit" = 'W' AND "point" =~ /^$point$/ AND $timeFilter GROUP BY time($__interval), "point", "register" fill(none)`,
        name: NAME
      }
    ]
  )
]

const OF_INSTALLATION = `"installation" =~ /^$installation$/ AND "register" =~ /^p_/ AND "completeness" = 1 AND $timeFilter`
const INSTALLATION_NAME = '$tag_installation $tag_register'

const homePanels = [
  influxPanel(
    {
      type: 'timeseries',
      title: 'Power of an installation',
      description:
        'p_tot above 0 is drawn from the grid, p_prod is 0 or below while producing, p_cons = p_tot - p_prod. Nothing where a member is missing. Eight seconds where influx.power of the settings has them.',
      looks: { unit: 'watt', custom: line },
      options: legend
    },
    [
      {
        query: `SELECT "w" FROM "power" WHERE "grid" = 'PT15M' AND ${OF_INSTALLATION} GROUP BY "installation", "register"`,
        name: `${INSTALLATION_NAME} 15 min`
      },
      {
        query: `SELECT MEAN("w") FROM "power" WHERE "grid" = 'PT8S' AND ${OF_INSTALLATION} GROUP BY time($__interval), "installation", "register" fill(none)`,
        name: `${INSTALLATION_NAME} 8 s`
      }
    ]
  )
]

const curvePanels = [
  influxPanel({ type: 'timeseries', title: 'Load curve', looks: { ...KWH, custom: bars }, options: legend }, [
    { query: `SELECT "kwh" FROM "energy" WHERE ${OF_GRID} ${BY_SERIES}`, name: NAME }
  ]),
  influxPanel(
    {
      type: 'bargauge',
      title: 'In the time shown',
      description: 'Sums of hours, exact to the mWh.',
      looks: KWH,
      options: { orientation: 'horizontal', displayMode: 'basic', reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false } }
    },
    [{ query: `SELECT SUM("kwh") FROM "energy" WHERE "grid" = 'PT1H' AND ${CHOSEN} ${BY_SERIES}`, name: NAME }]
  )
]

const trustPanels = [
  influxPanel(
    {
      type: 'timeseries',
      title: 'Completeness',
      description:
        'Readings of those expected where the interval is registered, covered time otherwise. What is missing altogether is not drawn.',
      looks: { ...SHARE, custom: line },
      options: legend
    },
    [
      {
        query: `SELECT MEAN("completeness") FROM "energy" WHERE ${OF_GRID} GROUP BY time($__interval), "point", "register" fill(none)`,
        name: NAME
      }
    ]
  ),
  influxPanel(
    {
      type: 'state-timeline',
      title: 'Quality',
      description: 'The worst there is in each stretch.',
      looks: QUALITY,
      options: { mergeValues: true, showValue: 'never', legend: { displayMode: 'list', placement: 'bottom' } }
    },
    [
      {
        query: `SELECT MAX("quality") FROM "energy" WHERE ${OF_GRID} GROUP BY time($__interval), "point", "register" fill(none)`,
        name: NAME
      }
    ]
  )
]

const days = (title: string, timeShift?: string) =>
  influxPanel({ type: 'timeseries', title, looks: { ...KWH, custom: bars }, options: legend, timeShift }, [
    { query: `SELECT "kwh" FROM "energy" WHERE "grid" = 'P1D' AND ${CHOSEN} ${BY_SERIES}`, name: NAME }
  ])

const months = (title: string, timeShift?: string) =>
  influxPanel(
    {
      type: 'timeseries',
      title,
      description: 'Needs P1M among influx.grids of the settings.',
      looks: { ...KWH, custom: bars },
      options: legend,
      timeShift
    },
    [{ query: `SELECT "kwh" FROM "energy" WHERE "grid" = 'P1M' AND ${CHOSEN} ${BY_SERIES}`, name: NAME }]
  )

const tablePanels = [
  influxPanel(
    {
      type: 'table',
      title: 'Estimated or worse',
      description: 'Quality: 5 estimated, 6 questionable, 7 partial.',
      looks: { unit: 'none' }
    },
    [
      {
        query: `SELECT "kwh", "quality", "completeness" FROM "energy" WHERE "quality" >= 5 AND ${OF_GRID} ${BY_SERIES} ORDER BY time DESC LIMIT 200`,
        as: 'table'
      }
    ]
  ),
  influxPanel(
    {
      type: 'table',
      title: 'Alerts that began in the time shown',
      description: 'Those of rejected payloads and late sources among them.',
      looks: { unit: 'none' }
    },
    [
      {
        query:
          'SELECT "state", "severity", "text", "occurrences" FROM "alert" WHERE $timeFilter GROUP BY "rule", "subject" ORDER BY time DESC LIMIT 200',
        as: 'table'
      }
    ]
  )
]

/** Figures of the ledger, from InfluxDB alone. */
export const energyDashboard: Dashboard = dashboard(
  {
    uid: 'wattledger-energy',
    title: 'Wattledger: energy',
    description: 'Power, load curves with their quality, days and months compared, alerts (docs/grafana.md).',
    time: { from: 'now-7d', to: 'now' },
    refresh: '1m',
    panels: laidOut([
      { height: 9, panels: powerPanels },
      { height: 9, panels: homePanels },
      { height: 9, panels: curvePanels },
      { height: 8, panels: trustPanels },
      { height: 8, panels: [days('Days'), days('Days, four weeks before', '28d')] },
      { height: 8, panels: [months('Months'), months('Months, a year before', '1y')] },
      { height: 9, panels: tablePanels }
    ])
  },
  VARIABLES
)
