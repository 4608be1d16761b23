// The tests of the client and of the model, without a browser.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: ['src/**/*.test.ts'], environment: 'node', restoreMocks: true },
})
