import type { Ledger } from './ledger.js'
import type { Output } from './output.js'

/** What all commands take. */
export interface CommonOptions {
  config?: string
  data?: string
  json?: boolean
}

/** Something a person must mend before the command can run. */
export class Misuse extends Error {}

/** Runs a command on the ledger; its result is the exit code. `fresh`: a folder that does not exist is made. */
export type WithLedger = (options: CommonOptions, use: (ledger: Ledger, out: Output) => Promise<number>, fresh?: boolean) => Promise<void>
