// What a page asks of its browser and its system to be heard and seen, written down, and a user who looks elsewhere.
import { expect } from 'vitest'

import type { Page } from './harness'

/** What the page asked of its browser. */
interface Asked {
  shown: { title: string; body: string | undefined; click: () => void }[]
  /** Where the user was when what plays was made, and when each note was. */
  notes: string[]
  note: () => void
  permissions: number
}
declare global {
  interface Window {
    asked: Asked
  }
}

/** Runs before the page: writes down what it shows, plays and asks for, and lets it do so. */
export const record = (): void => {
  window.asked = {
    shown: [],
    notes: [],
    permissions: 0,
    note() {
      this.notes.push(document.hasFocus() ? location.pathname : 'away')
    },
  }
  window.Notification = class extends Notification {
    constructor(title: string, options?: NotificationOptions) {
      super(title, options)
      window.asked.shown.push({ title, body: options?.body, click: () => this.dispatchEvent(new Event('click')) })
    }
    static override requestPermission(): Promise<NotificationPermission> {
      window.asked.permissions++
      return super.requestPermission()
    }
  }
  window.AudioContext = class extends AudioContext {
    constructor(options?: AudioContextOptions) {
      super(options)
      window.asked.note()
    }
    override createOscillator(): OscillatorNode {
      window.asked.note()
      return super.createOscillator()
    }
  }
}

export const shown = (page: Page) => page.evaluate(() => window.asked.shown.map(({ title, body }) => [title, body]))
export const notes = (page: Page) => page.evaluate(() => window.asked.notes)
export const permissions = (page: Page) => page.evaluate(() => window.asked.permissions)
export const desktop = (page: Page) => page.getByRole('switch', { name: 'Desktop notifications' })
export const flip = (page: Page, name: string) => page.getByRole('switch', { name }).click()

/** The page has the focus when it has it: otherwise each page of a test has it all the time. */
export const followFocus = async (page: Page): Promise<void> => {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Emulation.setFocusEmulationEnabled', { enabled: false })
}
/** The user looks at another window; gives the way back. */
export const lookAway = async (page: Page): Promise<() => Promise<void>> => {
  const other = await page.context().newPage()
  await followFocus(page)
  await other.bringToFront()
  await expect.poll(() => page.evaluate(() => document.hasFocus())).toBe(false)
  return async () => {
    await other.close()
    await page.bringToFront()
    await expect.poll(() => page.evaluate(() => document.hasFocus())).toBe(true)
  }
}
export const turnOnDesktop = async (page: Page): Promise<void> => {
  await page.context().grantPermissions(['notifications'])
  await page.goto('/settings/notifications')
  await flip(page, 'Desktop notifications')
  await expect.poll(() => desktop(page).isChecked()).toBe(true)
}
