// Fits emoji-picker-element to this page when it is built: its styles to the page's policy, its data to the page's own.
import type { Plugin } from 'vite'

const PICKER = /\/node_modules\/emoji-picker-element\/picker\.js(\?|$)/

/** Each stands in the picker once. */
const changes: readonly (readonly [from: string, to: string])[] = [
  // The policy has no place for a style sheet that stands in the page; one that a script makes is no such thing.
  [
    `const style = document.createElement('style');
    style.textContent = baseStyles + EXTRA_STYLES;
    this.shadowRoot.appendChild(style);`,
    `const style = new CSSStyleSheet();
    style.replaceSync(baseStyles + EXTRA_STYLES);
    this.shadowRoot.adoptedStyleSheets = [style];`,
  ],
  // Nor for styles in attributes; through the CSSOM they may be set.
  [
    'targetNode.setAttribute(attributeName, newValue);',
    "if (attributeName === 'style') targetNode.style.cssText = newValue; else targetNode.setAttribute(attributeName, newValue);",
  ],
  // One character is a word in Chinese.
  ['const MIN_SEARCH_TEXT_LENGTH = 2;', 'const MIN_SEARCH_TEXT_LENGTH = 1;'],
  // What it offers and remembers is the page's business.
  ["import Database from './database.js';", "import Database from '/src/ui/chat/emoji/database.ts';"],
]

export const emojiPicker = (): Plugin => ({
  name: 'hongyan-emoji-picker',
  // Bundled beforehand, as the development server does with packages, it would be out of reach.
  config: () => ({ optimizeDeps: { exclude: ['emoji-picker-element'] } }),
  transform(code, file) {
    if (!PICKER.test(file)) return undefined
    return {
      code: changes.reduce((code, [from, to]) => {
        const parts = code.split(from)
        // A build with a picker that the policy refuses is worse than none.
        if (parts.length !== 2) this.error(`${file} is not the picker that is known here: ${parts.length - 1} times "${from}"`)
        return parts.join(to)
      }, code),
      map: null,
    }
  },
})
