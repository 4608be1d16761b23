// What every test of the page starts from: a server, a browser, and people who use it.
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core'

import { Server, type Account } from './server'

export { Server, type Account } from './server'
export type { Locator, Page } from 'playwright-core'

export interface Visit extends BrowserContextOptions {
  /** Logged in as; otherwise nobody is. */
  as?: Account
  /** Where to go first. */
  path?: string
  /** Under another name of the server. */
  at?: string
  /** What this page is made to break on. */
  breaks?: RegExp
}

export interface Stage {
  server: Server
  /** A new browser context with one page, closed after the test. */
  visit: (visit?: Visit) => Promise<Page>
  /** The accounts, each the friend of the first. */
  friends: (...names: string[]) => Promise<Account[]>
}

/** As a browser of these people says it is; tests name things in English unless they say otherwise. */
const LOCALE = 'en-US'

/** What was on the screens when a test failed, in the folder that E2E_PICTURES names. */
const picture = async (name: string, contexts: BrowserContext[]): Promise<void> => {
  const folder = process.env.E2E_PICTURES
  if (!folder) return
  const pages = contexts.flatMap((context) => context.pages())
  const path = (at: number): string => join(folder, `${name.replace(/\W+/g, '-').slice(0, 60)}-${at}.png`)
  await Promise.all(pages.map((page, at) => page.screenshot({ path: path(at) })))
}

/** Sets up one server and one browser, with these further switches, for the tests of a file. */
export const setStage = (settings: Record<string, string> = {}, switches: string[] = []): Stage => {
  let browser: Browser | undefined
  const contexts: BrowserContext[] = []
  const broken: string[] = []
  const stage: Partial<Stage> = {}

  beforeAll(async () => {
    const [started, launched] = await Promise.all([
      Server.start(settings),
      chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', ...switches] }),
    ])
    stage.server = started
    browser = launched
  })
  afterEach(async ({ task }) => {
    const failed = task.result?.state === 'fail' || broken.length > 0
    if (failed) await picture(task.name, contexts)
    await Promise.all(contexts.splice(0).map((context) => context.close()))
    // A second try begins as the first did: its people are not there yet.
    if (failed) await stage.server?.renew()
    // What the page itself breaks on is a failure of every test that saw it.
    expect(broken.splice(0)).toEqual([])
  })
  afterAll(async () => {
    await browser?.close()
    await stage.server?.stop()
  })

  const server = (): Server => {
    if (!stage.server) throw new Error('the stage is not set yet')
    return stage.server
  }

  return {
    get server() {
      return server()
    },
    visit: async ({ as, path = '/', at: url = server().url, breaks, ...options } = {}) => {
      if (!browser) throw new Error('the stage is not set yet')
      const context = await browser.newContext({ locale: LOCALE, baseURL: url, ...options })
      contexts.push(context)
      if (as) {
        await context.addCookies([
          { name: 'token', value: as.token, url, httpOnly: true, sameSite: 'Lax' },
          { name: 'uid', value: as.id, url, sameSite: 'Lax' },
        ])
      }
      const page = await context.newPage()
      const breakOn = (text: string): void => {
        if (!breaks?.test(text)) broken.push(text)
      }
      page.on('pageerror', (error) => breakOn(`${error.message}\n${error.stack}`))
      page.on('console', (message) => {
        // A server that was killed on purpose is not an error of the page.
        const text = message.text()
        if (message.type() === 'error' && !/Failed to load resource|WebSocket connection|when fetching the script/.test(text)) {
          breakOn(text)
        }
      })
      await page.goto(path)
      return page
    },
    friends: async (...names) => {
      const accounts: Account[] = []
      for (const name of names) accounts.push(await server().register(name))
      const [first, ...others] = accounts
      if (first) await server().befriend(first, ...others)
      return accounts
    },
  }
}
