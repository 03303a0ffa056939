import { defineConfig } from 'vitest/config'

// Calls of node-rdkafka hold a thread of libuv's pool each; the usual four are fewer than there are clients.
process.env.UV_THREADPOOL_SIZE ??= '16'

export default defineConfig({
  test: {
    include: ['test/engines/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 300_000,
    // Engines take the memory and the cores that tests beside each other would want.
    fileParallelism: false,
    pool: 'forks',
    // As in vitest.config.ts.
    retry: process.env.CI ? 1 : 0
  }
})
