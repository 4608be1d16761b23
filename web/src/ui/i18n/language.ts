// The page's two languages: which one is spoken, and the catalogues, of which the second comes when it is asked for.
import { computed, markRaw } from 'vue'
import { createI18n } from 'vue-i18n'
import { keepPreference, readPreference } from '../preferences'

export type Language = 'zh-CN' | 'en'

const catalogues = {
  'zh-CN': () => import('./zh-CN'),
  en: () => import('./en'),
}

export const i18n = createI18n({
  legacy: false,
  locale: 'en',
  fallbackWarn: false,
  missingWarn: import.meta.env.DEV,
  messages: {},
})

/** Translates outside of components; within them use vue-i18n's `useI18n()`. */
export const t = i18n.global.t

/** The language that is spoken now. */
export const language = computed<Language>(() => (i18n.global.locale.value === 'zh-CN' ? 'zh-CN' : 'en'))

const firstLanguage = (): Language => {
  const chosen = readPreference('language') ?? navigator.language
  return /^zh/i.test(chosen) ? 'zh-CN' : 'en'
}

const speak = async (next: Language): Promise<void> => {
  const catalogue = await catalogues[next]()
  // Raw: texts do not change, and reading them is not to be watched word by word.
  i18n.global.setLocaleMessage(next, markRaw(catalogue.default))
  i18n.global.locale.value = next
  document.documentElement.lang = next
}

/** Before the page is mounted: the chosen language, or the browser's. */
export const startLanguage = (): Promise<void> => speak(firstLanguage())

/** The user's choice, kept in this browser. */
export const setLanguage = async (next: Language): Promise<void> => {
  await speak(next)
  keepPreference('language', next)
}
