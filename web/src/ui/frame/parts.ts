// Parts of the page are fetched when they are first wanted: what is done when one does not come.
import { watch } from 'vue'
import type { Router } from 'vue-router'
import type { Model } from '../../model'
import { useToast } from '../base/toast'
import { i18n } from '../i18n'

const { t } = i18n.global

/** Whether the server has another page than this one by now. Throws when it is away. */
const isOutdated = async (): Promise<boolean> => {
  const answer = await fetch('/', { cache: 'no-store', signal: AbortSignal.timeout(5000) })
  const page = await answer.text()
  const script = document.querySelector<HTMLScriptElement>('script[type="module"][src]')
  return script !== null && !page.includes(new URL(script.src).pathname)
}

export const startParts = ({ connection }: Model, router: Router): void => {
  const toast = useToast()
  /** A part did not come that the server has. Browsers remember that for as long as this page is open. */
  let missing = false
  /** What is to be opened, while it is asked why it did not come. */
  let wanted: string | undefined

  const offer = (): void =>
    toast.info(t('frame.parts.missing'), { stay: 0, action: { label: t('frame.version.reload'), run: () => window.location.reload() } })

  const recover = async (path: string): Promise<void> => {
    const asking = wanted !== undefined
    wanted = path
    if (asking) return
    try {
      if (await isOutdated()) {
        window.location.assign(wanted)
        return
      }
      missing = true
      offer()
    } catch {
      missing = true
      toast.error(t('codes.unreachable'))
      connection.tryNow()
    } finally {
      wanted = undefined
    }
  }
  // Any part, also of a dialog. If it is one of a view, the router says which view was asked for.
  window.addEventListener('vite:preloadError', () => void recover(wanted ?? router.currentRoute.value.fullPath))
  router.onError((_error, to) => void recover(to.fullPath))

  watch(
    () => connection.state,
    (now) => {
      if (now === 'open' && missing) offer()
    },
  )
  // Who goes elsewhere anyway goes there in a page that is whole.
  router.beforeEach((to) => {
    if (!missing || connection.state !== 'open') return true
    window.location.assign(to.fullPath)
    return false
  })
}
