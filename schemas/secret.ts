import { z } from 'zod'

/** Where a secret stands. Never the secret itself: settings files are copied, mailed and committed. */
export const Secret = z
  .union([z.strictObject({ env: z.string().regex(/^[A-Za-z_]\w*$/) }), z.strictObject({ file: z.string().min(1) })])
  .meta({
    expected: '{ env: NAME } or { file: PATH }',
    mend: 'A secret never stands in this file: put it into an environment variable or a file of its own and name that.',
    secret: true
  })
export type Secret = z.output<typeof Secret>
