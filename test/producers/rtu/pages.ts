import { readFileSync } from 'node:fs'

/** Of `synthetic/rtu`: hwtree, pdinfo-valid-time, pdinfo-invalid-time. */
export const recordedPage = (name: string): string =>
  readFileSync(new URL(`../../recorded/flukso/synthetic/rtu/${name}.html`, import.meta.url), 'utf8')
