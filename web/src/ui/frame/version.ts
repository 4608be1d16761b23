// The page's own version: installs the service worker, and says quietly when the server has a newer page.
import { watch } from 'vue'
import type { Router } from 'vue-router'
import type { Model } from '../../model'
import { useToast } from '../base/toast'
import { i18n } from '../i18n'

/** After the page is loaded, in ms: the worker fetches all of it, which is to take nothing from what is looked at first. */
const LATER = 3_000
/** How often to look for a newer page, in ms. */
const LOOK = 3_600_000

const { t } = i18n.global
const toast = useToast()

const offer = (reload: () => void): void =>
  toast.info(t('frame.version.ready'), { stay: 0, action: { label: t('frame.version.reload'), run: reload } })

/** Whether this window was made by the same build as that worker. */
const isOurs = (worker: ServiceWorker): Promise<boolean> =>
  new Promise((answer) => {
    const { port1, port2 } = new MessageChannel()
    const script = document.querySelector<HTMLScriptElement>('script[type="module"][src]')
    port1.addEventListener('message', ({ data }: MessageEvent<unknown>) => answer(data === true))
    port1.start()
    worker.postMessage({ type: 'is-yours', path: script ? new URL(script.src).pathname : '' }, [port2])
  })

/** Lets the newer worker in, and then the newer page. */
const changeOver = (worker: ServiceWorker): void => {
  if (worker.state !== 'installed') {
    // Another window let it in already.
    window.location.reload()
    return
  }
  navigator.serviceWorker.addEventListener('controllerchange', () => window.location.reload(), { once: true })
  worker.postMessage({ type: 'take-over' })
}

const installed = async (worker: ServiceWorker): Promise<void> => {
  // The first worker of this browser, or one that is new only to it: the page itself came from the server.
  if (!navigator.serviceWorker.controller) return
  if (await isOurs(worker)) worker.postMessage({ type: 'take-over' })
  else offer(() => changeOver(worker))
}

const watchWorker = async (model: Model): Promise<void> => {
  const registration = await navigator.serviceWorker.register('/sw.js')
  if (registration.waiting) void installed(registration.waiting)
  registration.addEventListener('updatefound', () => {
    const worker = registration.installing
    worker?.addEventListener('statechange', () => {
      if (worker.state === 'installed') void installed(worker)
    })
  })
  const look = (): void => void registration.update().catch(() => undefined)
  setInterval(look, LOOK)
  // A server that was away may have come back as a newer one.
  watch(
    () => model.connection.state,
    (now) => {
      if (now === 'open') look()
    },
  )
}

/** Where the newer page is to be opened, while it is looked for. */
let wanted: string | undefined

/** A part of this page is not on the server any more: there is a newer page. Not so if the server is merely away. */
const recover = async (path: string): Promise<void> => {
  const looking = wanted !== undefined
  wanted = path
  if (looking) return
  try {
    const answer = await fetch('/', { cache: 'no-store', signal: AbortSignal.timeout(5000) })
    const page = await answer.text()
    const script = document.querySelector<HTMLScriptElement>('script[type="module"][src]')
    if (script && !page.includes(new URL(script.src).pathname)) {
      window.location.assign(wanted)
      return
    }
  } catch {
    // It is away.
  } finally {
    wanted = undefined
  }
  toast.error(t('codes.unreachable'))
}

export const startVersions = (model: Model, router: Router): void => {
  // Any part, also of a dialog. If it is one of a view, the router says which view was asked for.
  window.addEventListener('vite:preloadError', () => void recover(wanted ?? router.currentRoute.value.fullPath))
  router.onError((_error, to) => void recover(to.fullPath))
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  // The page comes first, what it may need later after it.
  const begin = (): void => void setTimeout(() => void watchWorker(model).catch(() => undefined), LATER)
  if (document.readyState === 'complete') begin()
  else window.addEventListener('load', begin, { once: true })
}
