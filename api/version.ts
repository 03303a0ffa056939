import { createRequire } from 'node:module'

/** Of this program, as package.json says it. */
export const VERSION: string = createRequire(import.meta.url)('#manifest').version
