// Compiles the texts of the catalogues when the page is built: no browser has to read them as a grammar, or has the code to.
import { baseCompile } from '@intlify/message-compiler'
import type { Plugin } from 'vite'

/** The parts of the catalogues; their index only puts them together. */
const PART = /\/src\/ui\/i18n\/(en|zh-CN)\/(?!index\.)\w+\.ts$/

interface Node {
  type: string
  start: number
  end: number
}
interface Text extends Node {
  type: 'Literal'
  value: unknown
}
interface Entry extends Node {
  value: Node
}
interface Entries extends Node {
  type: 'ObjectExpression'
  properties: Entry[]
}

const textsOf = (node: Node): Text[] => {
  if (node.type === 'ObjectExpression') return (node as Entries).properties.flatMap(({ value }) => textsOf(value))
  return node.type === 'Literal' && typeof (node as Text).value === 'string' ? [node as Text] : []
}

const compiled = (text: string, file: string): string => {
  const { ast } = baseCompile(text, {
    jit: true,
    optimize: true,
    minify: true,
    mangle: true,
    location: false,
    onError: (error) => {
      throw new Error(`${file}: "${text}": ${error.message}`)
    },
  })
  return JSON.stringify(ast)
}

export const catalogues = (): Plugin => ({
  name: 'hongyan-catalogues',
  apply: 'build',
  transform(code, file) {
    if (!PART.test(file)) return undefined
    const { body } = this.parse(code) as unknown as { body: (Node & { declaration?: Node })[] }
    const catalogue = body.find(({ type }) => type === 'ExportDefaultDeclaration')?.declaration
    if (!catalogue) this.error(`${file} exports no catalogue`)
    // From the end: what is before a text stays where it is.
    const texts = textsOf(catalogue).toSorted((a, b) => b.start - a.start)
    const all = texts.reduce((code, { start, end, value }) => code.slice(0, start) + compiled(String(value), file) + code.slice(end), code)
    return { code: all, map: null }
  },
})
