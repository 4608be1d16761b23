// Languages, words for errors, and times and sizes in words.
export { explain } from './explain'
export { formatDay, formatFull, formatListTime, formatNumber, formatSize, formatTime } from './format'
export { i18n, language, setLanguage, startLanguage, t, type Language } from './language'
