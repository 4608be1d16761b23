// Tells the user what happens where he does not look.
import type { Router } from 'vue-router'
import type { Model } from '../../../model'
import { startMessageNews } from './messages'
import { startRequestNews } from './requests'

/** What the service worker may lead to. */
const PLACE = /^\/(chat|contacts)\//

export const startNews = (model: Model, router: Router): void => {
  startMessageNews(model, router)
  startRequestNews(model, router)
  // A notification that the service worker showed was touched.
  navigator.serviceWorker?.addEventListener('message', (event: MessageEvent<{ open?: unknown }>) => {
    const { open } = event.data
    if (typeof open === 'string' && PLACE.test(open)) void router.push(open)
  })
}
