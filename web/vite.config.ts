// How the page is built, and served while one works on it.
import { readFileSync } from 'node:fs'

import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

import { catalogues } from './catalogues'
import { chunkOf } from './chunks'
import { early } from './early'
import { emojiPicker } from './emoji'
import { serviceWorker } from './service-worker/plugin'

const server = process.env.HONGYAN_SERVER ?? 'http://127.0.0.1:8006'

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as { version: string }

export default defineConfig(({ command }) => ({
  plugins: [
    vue(),
    catalogues(),
    early(),
    emojiPicker(),
    serviceWorker(),
  ],
  define: {
    __HONGYAN_VERSION__: JSON.stringify(version),
    __VUE_OPTIONS_API__: 'false',
    __VUE_PROD_DEVTOOLS__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __VUE_I18N_FULL_INSTALL__: 'false',
    // Built, the texts are compiled already.
    __INTLIFY_DROP_MESSAGE_COMPILER__: command === 'build' ? 'true' : 'false',
  },
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    // Everything is a file of its own: the page's policy takes nothing that stands in the page itself.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rollupOptions: { output: { manualChunks: chunkOf } },
  },
  server: {
    // The server's own name stays in `Host`: it takes changes only from pages of its own origin.
    proxy: {
      '/api': { target: server, changeOrigin: false },
      '/img': { target: server, changeOrigin: false },
      '/ws': { target: server, changeOrigin: false, ws: true },
    },
  },
}))
