// Dialogs and pictures above the page: what closes them, and what does not.
import { expect, test } from 'vitest'

import { setStage, type Page } from './harness'

const stage = setStage()

const dialog = (page: Page) => page.getByRole('dialog')

test('neither an input method nor a click beside it closes a dialog in which something was written', async () => {
  const ann = await stage.server.register('words-ann')
  const group = await stage.server.group('words-grp', ann)
  const page = await stage.visit({ as: ann, path: `/contacts/g/${group}` })
  await page.getByRole('button', { name: /^Announcement/ }).click()
  const field = dialog(page).getByRole('textbox')
  await field.fill('明天')
  const keyboard = await page.context().newCDPSession(page)
  await keyboard.send('Input.imeSetComposition', { text: 'paiLian', selectionStart: 7, selectionEnd: 7 })
  await page.keyboard.press('Escape')
  await keyboard.send('Input.imeSetComposition', { text: '', selectionStart: 0, selectionEnd: 0 })
  await page.mouse.click(4, 4)
  await page.mouse.click(4, 4)
  await expect.poll(() => field.inputValue()).toBe('明天')
  await field.press('Escape')
  await dialog(page).waitFor({ state: 'detached' })
  // Where nothing was written there is nothing to lose.
  await page.getByRole('button', { name: /^Announcement/ }).click()
  await field.waitFor()
  await page.mouse.click(4, 4)
  await dialog(page).waitFor({ state: 'detached' })
})
