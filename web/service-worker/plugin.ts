// Builds sw.js: the worker, and before it the list of what the shell of this very build is made of.
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'

import type { Plugin } from 'vite'

/** In bytes, of data that is no script; what is larger comes when it is used, and is kept then. */
const LARGEST = 100_000

export const serviceWorker = (): Plugin => {
  let folder = 'public'
  return {
    name: 'hongyan-service-worker',
    apply: 'build',
    configResolved: (config) => {
      folder = config.publicDir
    },
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const hash = createHash('sha256')
        const shell: string[] = []
        const add = (path: string, content: string | Uint8Array): void => {
          hash.update(path).update(content)
          if (/\.(js|css)$/.test(path) || content.length <= LARGEST) shell.push(path)
        }
        for (const file of Object.values(bundle).toSorted((a, b) => a.fileName.localeCompare(b.fileName))) {
          const path = file.fileName === 'index.html' ? '/' : `/${file.fileName}`
          add(path, file.type === 'chunk' ? file.code : file.source)
        }
        for (const name of readdirSync(folder).toSorted()) add(`/${name}`, readFileSync(`${folder}/${name}`))
        const worker = readFileSync(new URL('worker.js', import.meta.url), 'utf8')
        hash.update(worker)
        const version = JSON.stringify(hash.digest('hex').slice(0, 12))
        const head = `const VERSION = ${version}\nconst SHELL = ${JSON.stringify(shell, undefined, 2)}\n`
        this.emitFile({ type: 'asset', fileName: 'sw.js', source: `${head}\n${worker}` })
      },
    },
  }
}
