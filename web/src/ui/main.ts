// Starts the page.
import { createModel } from '../model'
import { startPage } from './start'

/** With the next picture, or soon where none comes: a page that is hidden, or becomes so, is not drawn. */
const nextFrame = (callback: () => void): void => {
  const late = setTimeout(() => {
    cancelAnimationFrame(frame)
    callback()
  }, 100)
  const frame = requestAnimationFrame(() => {
    clearTimeout(late)
    callback()
  })
}

const model = createModel({
  base: '',
  socketUrl: `${location.origin.replace(/^http/, 'ws')}/ws`,
  // The cookie that comes and goes with the login.
  expected: /(^|; )uid=/.test(document.cookie),
  nextFrame,
})
void startPage(model)
