import { Gauge, type Registry } from 'prom-client'
import type { AskedSensor } from './deps.js'

/** What the sensors that are asked for over HTTP tell of themselves. */
export const meterSensors = (registry: Registry, sensors: () => readonly AskedSensor[]): void => {
  new Gauge({
    name: 'wattledger_flukso_sensors',
    help: 'Fluksometer sensors this process asks for, by how they are: fine, new, refused (their token), away, unexpected, gone. GET /v1/sensors names them.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { state } of sensors()) this.inc({ state })
    }
  })
}
