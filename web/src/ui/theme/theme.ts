// Light, dark, or as the system has it. The first paint is public/theme.js's.
import { ref, watchEffect } from 'vue'
import { keepPreference, readPreference } from '../preferences'

export type Theme = 'light' | 'dark' | 'system'

const kept = readPreference('theme')
const system = matchMedia('(prefers-color-scheme: dark)')
const systemIsDark = ref(system.matches)
system.addEventListener('change', (event) => (systemIsDark.value = event.matches))

/** What the user chose. */
export const theme = ref<Theme>(kept === 'light' || kept === 'dark' ? kept : 'system')

export const setTheme = (choice: Theme): void => {
  theme.value = choice
  keepPreference('theme', choice === 'system' ? undefined : choice)
}

/** Keeps the page in the chosen theme, and the browser's own bar in its colour. */
export const followTheme = (): void => {
  watchEffect(() => {
    const dark = theme.value === 'dark' || (theme.value === 'system' && systemIsDark.value)
    document.documentElement.dataset.theme = dark ? 'dark' : 'light'
    document.querySelector('meta[name="theme-color"]')?.setAttribute('content', dark ? '#151514' : '#f5f3ee')
  })
}
