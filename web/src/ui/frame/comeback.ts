// When the network is there again, or the reader comes back to the page, the server is asked at once: no countdown is waited for, and a
// connection that ended unseen while the machine slept is found out.
import type { Model } from '../../model'

export const startComebacks = ({ connection }: Model): void => {
  window.addEventListener('online', connection.tryNow)
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) connection.tryNow()
  })
}
