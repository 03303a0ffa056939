import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { energyDashboard } from './energy.js'
import { platformDashboard } from './platform.js'

/** `npm run grafana`: writes the dashboards where Grafana, and whoever imports them, takes them from. */
for (const [name, dashboard] of Object.entries({ energy: energyDashboard, platform: platformDashboard }))
  writeFileSync(join('infra/grafana/dashboards', `${name}.json`), `${JSON.stringify(dashboard, null, 2)}\n`)
