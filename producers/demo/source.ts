import type { Source } from '../contract.js'
import { ZONE } from './load.js'
import { DEMO, DEMO_PARSER_VERSION } from './street.js'

/** The made-up street of docs/demo.md. Its readings are published live (play.ts); no file is its own. */
export const demo: Source = {
  name: DEMO,
  parserVersion: DEMO_PARSER_VERSION,
  pushed: true,
  zone: () => ZONE,
  aheadMs: 5 * 60_000,
  recognises: () => false,
  async *parse() {}
}
