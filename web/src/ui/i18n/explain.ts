// Turns an error into words that say what to do next.
import { NotLoggedIn, Refusal, Unreachable } from '../../client'
import { formatFull } from './format'
import { i18n } from './language'

const numberIn = (data: unknown, field: string): number | undefined => {
  if (typeof data !== 'object' || data === null) return undefined
  const value: unknown = Reflect.get(data, field)
  return typeof value === 'number' ? value : undefined
}

const explainCode = (code: string, data: unknown): string => {
  const { t, te } = i18n.global
  const wait = numberIn(data, 'retryAfter')
  if (code === '9996' && wait !== undefined) return t('codes.tooMany', Math.max(1, Math.ceil(wait / 1000)))
  const until = numberIn(data, 'until')
  if (code === '0213' && until !== undefined) return t('codes.mutedUntil', { time: formatFull(until) })
  return te(`codes.${code}`) ? t(`codes.${code}`) : t('codes.unknown', { code })
}

/** What went wrong and what to do next, in the language of the page; also takes a bare wire code. */
export const explain = (error: unknown): string => {
  if (typeof error === 'string') return explainCode(error, undefined)
  if (error instanceof Refusal) return explainCode(error.code, error.data)
  if (error instanceof NotLoggedIn) return explainCode('9994', undefined)
  if (error instanceof Unreachable) return i18n.global.t('codes.unreachable')
  return i18n.global.t('codes.broken')
}
