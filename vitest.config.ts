import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Those need real engines: npm run test:engines.
    exclude: ['test/engines/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    pool: 'forks',
    // On a machine that others load as well, a wait for a socket or a process may run out once; a real fault fails twice.
    retry: process.env.CI ? 1 : 0
  }
})
