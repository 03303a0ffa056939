import { type Dashboard, dashboard, type Looks, laidOut, prometheusPanel, sourceVariable } from './panel.js'

const line = { drawStyle: 'line', fillOpacity: 10, lineWidth: 1 }
const looks = (unit: string): Looks => ({ unit, min: 0, custom: line })
const legend = { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } }
const slowest = (histogram: string, by: string): string =>
  `histogram_quantile(0.99, sum by (le, ${by}) (rate(${histogram}_bucket[$__rate_interval])))`
/** Every process tells the same of what log and store know. */
const once = (gauge: string, by: string): string => `max by (${by}) (${gauge})`

type Questions = Parameters<typeof prometheusPanel>[1]
const curves = (title: string, unit: string, questions: Questions, description?: string) =>
  prometheusPanel({ type: 'timeseries', title, description, looks: looks(unit), options: legend }, questions)
const counts = (title: string, description: string, questions: Questions) =>
  prometheusPanel(
    {
      type: 'bargauge',
      title,
      description,
      looks: { unit: 'short', min: 0 },
      options: { orientation: 'horizontal', displayMode: 'basic', reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false } }
    },
    questions
  )

/** How the platform is, from its metrics: what InfluxDB holds does not tell. */
export const platformDashboard: Dashboard = dashboard(
  {
    uid: 'wattledger-platform',
    title: 'Wattledger: platform',
    description: 'What was not believed or not understood, what waits, how long things take (docs/grafana.md).',
    time: { from: 'now-6h', to: 'now' },
    refresh: '30s',
    panels: laidOut([
      {
        height: 8,
        panels: [
          counts('Rejects', 'Lines and files that could not be read, by reason: wattledger rejects shows each with its mend.', [
            ['{{reason}}', once('wattledger_rejects', 'reason')]
          ]),
          counts('Suspects', 'Readings that were not believed, by reason; wattledger explain shows them where they stand aside.', [
            ['{{reason}}', once('wattledger_suspects', 'reason')]
          ]),
          curves('Readings', 'cps', [['{{source}}', 'sum by (source) (rate(wattledger_readings_total[$__rate_interval]))']])
        ]
      },
      {
        height: 8,
        panels: [
          curves(
            'Records that wait',
            'short',
            [['{{group}}', once('wattledger_lag_records', 'group')]],
            'Of each group: 0 when it has everything the log holds.'
          ),
          curves(
            'Age of the newest heartbeat',
            's',
            [['{{group}}', once('wattledger_lag_seconds', 'group')]],
            'Producers send one a minute at least: a fold that stands shows here.'
          )
        ]
      },
      {
        height: 8,
        panels: [
          curves('From receipt to store, 99 of 100', 's', [['{{table}}', slowest('wattledger_delay_seconds', 'table')]]),
          curves('A commit, 99 of 100', 's', [['{{group}}', slowest('wattledger_commit_seconds', 'group')]]),
          curves('An answer, 99 of 100', 's', [['{{route}}', slowest('wattledger_request_seconds', 'route')]])
        ]
      },
      {
        height: 8,
        panels: [
          curves(
            'InfluxDB',
            'cps',
            [
              ['{{outcome}}', 'sum by (outcome) (rate(wattledger_influx_rows_total[$__rate_interval]))'],
              ['waits for InfluxDB', 'max(wattledger_influx_waiting)']
            ],
            'Rows a second; the process that waits says at /readyz why.'
          ),
          curves('Log', 'bytes', [['{{topic}}', once('wattledger_log_bytes', 'topic')]]),
          curves('Store', 'bytes', [['{{table}}', once('wattledger_store_bytes', 'table')]])
        ]
      }
    ])
  },
  [sourceVariable('prometheus', 'Prometheus', 'prometheus')]
)
