// Tells of something that is not in sight: a sound, and a notification of the desktop for who looks elsewhere.
import { isAway } from '../../base/attention'
import { playTone } from './tone'
import { ways } from './ways'
import { takeWord } from './word'

export interface Happening {
  /** What it is about: the desktop shows the last of it. */
  topic: string
  /** Which one of it this is; every tab has the same. */
  id: string
  title: string
  /** Asked for only when it is shown. */
  body: () => string
  /** Where a click leads. */
  path: string
}

const showOnDesktop = async ({ topic, title, body, path }: Happening, open: (path: string) => void): Promise<void> => {
  const options = { body: body(), tag: topic, icon: '/icon-192.png', silent: true, data: { path } }
  try {
    const notification = new Notification(title, options)
    notification.addEventListener('click', () => {
      window.focus()
      open(path)
      notification.close()
    })
  } catch {
    // Phones show them only through the service worker, which answers the touch.
    const registration = await navigator.serviceWorker?.ready
    await registration?.showNotification(title, options)
  }
}

/** The same in every tab: one of them tells, the one that has the focus before the others. */
export const tell = async (happening: Happening, open: (path: string) => void): Promise<void> => {
  if (!(await takeWord(happening.topic, happening.id, isAway() ? 120 : 40))) return
  if (ways.sound) void playTone().catch(() => undefined)
  if (ways.desktop && isAway() && 'Notification' in window && Notification.permission === 'granted') {
    await showOnDesktop(happening, open)
  }
}
