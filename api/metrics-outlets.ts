import { Counter, Gauge, type Registry } from 'prom-client'

/** What a way out tells of itself, since the program started. */
export interface MeteredOutlet {
  readonly name: string
  readonly counts: { delivered: number; setAside: number }
  trouble(): string | null
}

export const meterOutlets = (registry: Registry, outlets: readonly MeteredOutlet[]): void => {
  const registers = [registry]
  const labelNames = ['outlet']
  new Gauge({
    name: 'wattledger_outlet_waiting',
    help: '1 while something waits because a receiver of mail, webhooks or files is away; /readyz says why.',
    labelNames,
    registers,
    collect() {
      for (const { name, trouble } of outlets) this.set({ outlet: name }, trouble() === null ? 0 : 1)
    }
  })
  new Counter({
    name: 'wattledger_outlet_deliveries_total',
    help: 'Alerts (mail, webhook) or files (sftp) since the program started: delivered, or set aside when refused.',
    labelNames: [...labelNames, 'outcome'],
    registers,
    collect() {
      this.reset()
      for (const { name, counts } of outlets) {
        this.inc({ outlet: name, outcome: 'delivered' }, counts.delivered)
        this.inc({ outlet: name, outcome: 'set-aside' }, counts.setAside)
      }
    }
  })
}
