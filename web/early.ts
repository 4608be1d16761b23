// Lets the browser fetch and compile, while the page starts, what the first view needs besides what the page names itself.
import type { Plugin, Rollup } from 'vite'

/** Modules of the chunks that a page which opens on the list of conversations asks for. */
const FIRST_VIEW = '/src/ui/conversations/ConversationList.vue'
/** The texts, of which theme.js knows which language it will be. */
const LANGUAGES = { 'data-zh': '/src/ui/i18n/zh-CN/index.ts', 'data-en': '/src/ui/i18n/en/index.ts' }
/** Chunks of which nearly all is needed to open the page. */
const RUNS_AT_ONCE = /^(vendor|model|core|lists|index)$/

export const early = (): Plugin => ({
  name: 'hongyan-early',
  apply: 'build',
  generateBundle: {
    order: 'pre',
    handler(_options, bundle) {
      for (const chunk of Object.values(bundle)) {
        if (chunk.type !== 'chunk' || !RUNS_AT_ONCE.test(chunk.name)) continue
        // Compiled in one go and beside the main thread, instead of function by function on it (Chromium's explicit compile hints).
        chunk.code = `//# allFunctionsCalledOnLoad\n${chunk.code}`
      }
    },
  },
  transformIndexHtml: {
    order: 'post',
    handler(html, { bundle }) {
      const chunks = Object.values(bundle ?? {}).filter((file): file is Rollup.OutputChunk => file.type === 'chunk')
      const chunkOf = (module: string): Rollup.OutputChunk => {
        const found = chunks.find(({ moduleIds }) => moduleIds.some((id) => id.endsWith(module)))
        if (!found) throw new Error(`no chunk has ${module}`)
        return found
      }
      const { fileName, viteMetadata } = chunkOf(FIRST_VIEW)
      const texts = Object.entries(LANGUAGES).map(([name, module]) => `${name}="/${chunkOf(module).fileName}"`)
      return {
        html: html.replace('<script src="/theme.js"', `$& ${texts.join(' ')}`),
        tags: [
          { tag: 'link', attrs: { rel: 'modulepreload', crossorigin: true, href: `/${fileName}` }, injectTo: 'head' },
          ...[...(viteMetadata?.importedCss ?? [])].map((css) => ({
            tag: 'link',
            attrs: { rel: 'stylesheet', crossorigin: true, href: `/${css}` },
            injectTo: 'head' as const,
          })),
        ],
      }
    },
  },
})
