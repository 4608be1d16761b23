// The tests of the page in a real browser, against the real server.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.e2e.ts'],
    environment: 'node',
    // Each file has a server and a browser of its own.
    pool: 'forks',
    maxWorkers: 1,
    // A browser on a busy machine may be late for its own deadlines; what fails twice in CI is broken.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
  },
})
