const VERSION = "b4669e8e5147"
const SHELL = [
  "/assets/chat-D2uErD1T.css",
  "/assets/chat-RgRNHlQM.js",
  "/assets/contacts-BEWkNvCa.js",
  "/assets/contacts-DnEHH98s.css",
  "/assets/core-B0SxEBmJ.css",
  "/assets/core-SCTDAhy0.js",
  "/assets/crop-D9YxXJpp.css",
  "/assets/crop-IWAz8fHP.js",
  "/assets/dialogs-DYIfNcY7.css",
  "/assets/dialogs-intxRYsc.js",
  "/assets/emoji-D5wSXMlB.css",
  "/assets/emoji-Dxwc0t01.js",
  "/assets/index-BObxUJJ1.js",
  "/assets/index-BoflOF-6.js",
  "/assets/index-CGbGQDw9.js",
  "/assets/lists-QE44KQGv.css",
  "/assets/lists-rl-s6Znk.js",
  "/assets/model-DGhsTNAD.js",
  "/assets/PictureViewer-BRlZQB6i.css",
  "/assets/PictureViewer-iqcQHaAn.js",
  "/assets/ReadersDialog-BR3qrqHG.css",
  "/assets/ReadersDialog-DYEi4D5m.js",
  "/assets/SearchPanel-8vOX5MqV.css",
  "/assets/SearchPanel-DB0knFLs.js",
  "/assets/session-CivCNVWP.js",
  "/assets/session-Dj6KLAt7.css",
  "/assets/settings-CHDXf4Dm.js",
  "/assets/settings-DT40EA2z.css",
  "/assets/vendor-DXk1nqki.js",
  "/assets/VoiceRecorder-Bc63XR_R.js",
  "/assets/VoiceRecorder-Dwzzkn8p.css",
  "/",
  "/apple-touch-icon.png",
  "/icon-192.png",
  "/icon-512.png",
  "/icon-maskable-512.png",
  "/icon.svg",
  "/manifest.webmanifest",
  "/theme.js"
]

// The service worker: starts the page without the server. VERSION and SHELL come from the build, which puts them before this text.
/* global VERSION, SHELL */

const CACHE = `hongyan-${VERSION}`
/** How long the server may take to give the page before the kept one is shown, in ms. */
const PATIENCE = 4000

/** What the browser can do without waking this worker, where it knows how. */
const ROUTES = [
  { condition: { or: ['/api/*', '/img/*'].map((urlPattern) => ({ urlPattern })) }, source: 'network' },
  { condition: { or: ['/assets/*.js', '/assets/*.css'].map((urlPattern) => ({ urlPattern })) }, source: 'cache' },
]

self.addEventListener('install', (event) => {
  // It only saves time: a browser that takes routes of another shape asks the worker, as one does that has none.
  event.waitUntil(Promise.resolve(event.addRoutes?.(ROUTES)).catch(() => undefined))
  event.waitUntil(
    caches.open(CACHE).then((cache) => cache.addAll(SHELL.map((path) => new Request(path, path.startsWith('/assets/') ? {} : { cache: 'reload' })))),
  )
})

/** The build before this one stays: windows that were opened with it still ask for its parts. */
const tidy = async () => {
  const others = (await caches.keys()).filter((name) => name.startsWith('hongyan-') && name !== CACHE)
  await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)))
  await self.clients.claim()
}

self.addEventListener('activate', (event) => event.waitUntil(tidy()))

self.addEventListener('message', (event) => {
  if (event.data?.type === 'take-over') void self.skipWaiting()
  // A window asks whether it is of this build: then there is nothing new for it.
  if (event.data?.type === 'is-yours') event.ports[0]?.postMessage(SHELL.includes(event.data.path))
})

/** As this build has it: the build before it is kept, too, and has the same paths. */
const keptShell = async (path) => (await caches.open(CACHE)).match(path, { ignoreSearch: true })

/** The newest from the server; what is kept when there is no answer. */
const serverFirst = async (request, keptAs) => {
  const answer = fetch(request)
  // A late failure has nobody left to hear it.
  answer.catch(() => undefined)
  const patience = new Promise((_, reject) => setTimeout(reject, PATIENCE, new Error('the server is slow')))
  try {
    const response = await Promise.race([answer, patience])
    if (response.status < 502 || response.status > 504) return response
    return (await keptShell(keptAs)) ?? response
  } catch {
    return (await keptShell(keptAs)) ?? answer
  }
}

/** Parts with a hash in their names never change. */
const keptFirst = async (request) => {
  const kept = await caches.match(request)
  if (kept) return kept
  const response = await fetch(request)
  if (response.ok) {
    const cache = await caches.open(CACHE)
    await cache.put(request, response.clone())
  }
  return response
}

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== location.origin) return
  // Data is the page's business, and a private matter: nothing of it is kept here.
  if (/^\/(api|ws|img)(\/|$)/.test(url.pathname)) return
  if (request.mode === 'navigate') event.respondWith(serverFirst(request, '/'))
  else if (url.pathname.startsWith('/assets/')) event.respondWith(keptFirst(request))
  else if (SHELL.includes(url.pathname)) event.respondWith(serverFirst(request, url.pathname))
})

self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  const path = String(event.notification.data?.path ?? '/chat')
  const open = async () => {
    const [page] = await self.clients.matchAll({ type: 'window' })
    if (!page) {
      await self.clients.openWindow(path)
      return
    }
    await page.focus()
    page.postMessage({ open: path })
  }
  event.waitUntil(open())
})
