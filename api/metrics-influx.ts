import { Counter, Gauge, type Registry } from 'prom-client'

/** What the copy for analysts tells of itself, rows since the program started. */
export interface MeteredInflux {
  readonly counts: { written: number; removed: number; setAside: number }
  trouble(): string | null
}

export const meterInflux = (registry: Registry, sink: MeteredInflux): void => {
  const registers = [registry]
  new Gauge({
    name: 'wattledger_influx_waiting',
    help: '1 while the sink waits because InfluxDB is away or refuses the token or the bucket; /readyz says why.',
    registers,
    collect() {
      this.set(sink.trouble() === null ? 0 : 1)
    }
  })
  new Counter({
    name: 'wattledger_influx_rows_total',
    help: 'Rows since the program started: written (again after a failure), removed when withdrawn, set aside when refused.',
    labelNames: ['outcome'],
    registers,
    collect() {
      this.reset()
      const { written, removed, setAside } = sink.counts
      this.inc({ outcome: 'written' }, written)
      this.inc({ outcome: 'removed' }, removed)
      this.inc({ outcome: 'set-aside' }, setAside)
    }
  })
}
