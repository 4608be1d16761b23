// Times, days and sizes in the language of the page. Read within a template or computed(), they follow language and midnight.
import { shallowRef } from 'vue'
import { i18n } from './language'

const DAY = 86_400_000

const startOfDay = (time: number): number => new Date(time).setHours(0, 0, 0, 0)

/** The day that it is: "today" has to become "yesterday" on a page that stays open. */
const today = shallowRef(startOfDay(Date.now()))
const watchMidnight = (): void => {
  const next = new Date(today.value).setHours(24, 0, 0, 0)
  // A sleeping machine fires late: the timer is asked again at least once an hour.
  setTimeout(() => {
    const day = startOfDay(Date.now())
    if (day !== today.value) today.value = day
    watchMidnight()
  }, Math.min(Math.max(next - Date.now(), 1000), 3_600_000))
}
watchMidnight()

const formats = new Map<string, Intl.DateTimeFormat>()
const format = (time: number, name: string, options: Intl.DateTimeFormatOptions): string => {
  const locale = i18n.global.locale.value
  const key = `${locale} ${name}`
  let found = formats.get(key)
  if (!found) {
    found = new Intl.DateTimeFormat(locale, options)
    formats.set(key, found)
  }
  return found.format(time)
}

/** How many midnights lie between that time and now. */
const daysAgo = (time: number): number => Math.round((today.value - startOfDay(time)) / DAY)
const thisYear = (time: number): boolean => new Date(time).getFullYear() === new Date(today.value).getFullYear()

const relativeDay = (days: number): string => {
  const words = new Intl.RelativeTimeFormat(i18n.global.locale.value, { numeric: 'auto' }).format(-days, 'day')
  return words.charAt(0).toLocaleUpperCase(i18n.global.locale.value) + words.slice(1)
}

const twoDigits = (count: number): string => String(count).padStart(2, '0')

/** "14:05", alike in both languages: by hand, as a page that opens shows dozens and `Intl` takes long to begin. */
export const formatTime = (time: number): string => {
  const at = new Date(time)
  return `${twoDigits(at.getHours())}:${twoDigits(at.getMinutes())}`
}

/** For dividers: "Today", "Yesterday", "Monday", "3 May", "3 May 2024". */
export const formatDay = (time: number): string => {
  const days = daysAgo(time)
  if (days === 0 || days === 1) return relativeDay(days)
  if (days > 1 && days < 7) return format(time, 'weekday', { weekday: 'long' })
  if (thisYear(time)) return format(time, 'day', { month: 'long', day: 'numeric', weekday: 'short' })
  return format(time, 'date', { year: 'numeric', month: 'long', day: 'numeric' })
}

/** For rows of a list, as short as can be: "14:05", "Yesterday", "Mon", "3 May", "03/05/2024". */
export const formatListTime = (time: number): string => {
  const days = daysAgo(time)
  if (days <= 0) return formatTime(time)
  if (days === 1) return relativeDay(1)
  if (days < 7) return format(time, 'short weekday', { weekday: 'short' })
  if (thisYear(time)) return format(time, 'short day', { month: 'short', day: 'numeric' })
  return format(time, 'short date', { year: 'numeric', month: '2-digit', day: '2-digit' })
}

/** For tooltips and where it has to be exact: day and time. */
export const formatFull = (time: number): string =>
  format(time, 'full', { year: 'numeric', month: 'long', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })

/** "3 B", "4.2 KB", "18 MB" */
export const formatSize = (bytes: number): string => {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  const digits = unit > 0 && value < 10 ? 1 : 0
  return `${new Intl.NumberFormat(i18n.global.locale.value, { maximumFractionDigits: digits }).format(value)} ${units[unit] ?? ''}`
}

/** "16,384" */
export const formatNumber = (number: number): string => new Intl.NumberFormat(i18n.global.locale.value).format(number)
