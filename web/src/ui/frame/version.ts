// The page's own version: installs the service worker, and says quietly when the server has a newer page.
import { watch } from 'vue'
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

export const startVersions = (model: Model): void => {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return
  // The page comes first, what it may need later after it.
  const begin = (): void => void setTimeout(() => void watchWorker(model).catch(() => undefined), LATER)
  if (document.readyState === 'complete') begin()
  else window.addEventListener('load', begin, { once: true })
}
