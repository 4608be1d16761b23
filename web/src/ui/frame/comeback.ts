// When the network goes or comes, or the reader comes back to the page, the server is asked at once: no countdown is waited for, and a
// connection that ended unseen, or while the machine slept, is found out. Pictures that did not come are asked for then, too.
import { watch } from 'vue'
import type { Model } from '../../model'
import { tryPicturesAgain } from '../base/picture'

export const startComebacks = ({ connection }: Model): void => {
  window.addEventListener('online', connection.tryNow)
  window.addEventListener('offline', connection.tryNow)
  // The socket may have outlived a short absence.
  window.addEventListener('online', tryPicturesAgain)
  watch(
    () => connection.state,
    (now) => now === 'open' && tryPicturesAgain(),
  )
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) connection.tryNow()
  })
}
