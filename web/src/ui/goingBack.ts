// Going back closes what lies above the page. From the first entry of the page in the browser's history it would lead out of it: there
// what lies above has an entry of its own, with the same address, which goes with it.
import { nextTick, watch } from 'vue'
import type { Router, RouterHistory } from 'vue-router'
import { closeUppermost, isCovered } from './base/overlay'

/** How long one waits for the browser to go back by an entry, in ms. */
const PATIENCE = 1_000

/** Whether the entry that one is at is such a one. It is marked, as it outlives a reload. */
const isCover = ({ state }: RouterHistory): boolean => state['cover'] === true && state['back'] === state['current']

export const closeByGoingBack = (router: Router, history: RouterHistory): void => {
  let cover = isCover(history)
  /** Settled when the entry that is taken away is gone. */
  let taken = Promise.resolve()
  /** One went through the history, from such an entry or from another one. */
  let went: { fromCover: boolean } | undefined

  const put = async (): Promise<void> => {
    await taken
    if (cover || !isCovered() || history.state['back'] !== null) return
    history.push(history.location, { cover: true })
    cover = true
  }
  const take = (): void => {
    if (!cover) return
    cover = false
    if (!isCover(history)) return
    taken = new Promise((done) => {
      window.addEventListener('popstate', () => done(), { once: true })
      setTimeout(done, PATIENCE)
    })
    // The address stays, and so does all that is shown.
    history.go(-1, false)
  }
  const settle = (): void => void (isCovered() ? put() : take())

  /** A dialog has no address: going back from it closes it, and one stays where it is. */
  const close = async (fromCover: boolean): Promise<boolean> => {
    if (!closeUppermost()) return true
    await nextTick()
    // One that was held open, or lay below it, is closed by the next time.
    if (fromCover && !isCovered()) return true
    cover = fromCover
    return false
  }

  watch(isCovered, settle)
  history.listen(() => {
    went = { fromCover: cover }
    cover = isCover(history)
  })
  router.beforeEach(async () => {
    const through = went
    went = undefined
    if (through) return close(through.fromCover)
    // Where one goes follows on the page itself.
    take()
    await taken
    return true
  })
  router.afterEach(settle)
  router.onError(settle)
}
