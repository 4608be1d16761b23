// Starts the page.
import { createModel } from '../model'
import { startPage } from './start'

/** With the next picture, or soon where none is made, as in a page that is hidden. */
const nextFrame = (callback: () => void): void => {
  if (document.hidden) setTimeout(callback, 100)
  else requestAnimationFrame(callback)
}

const model = createModel({
  base: '',
  socketUrl: `${location.origin.replace(/^http/, 'ws')}/ws`,
  // The cookie that comes and goes with the login.
  expected: /(^|; )uid=/.test(document.cookie),
  nextFrame,
})
void startPage(model)
