const VERSION = "9f82715c3d11"
const SHELL = [
  "/assets/AboutPart-BVZa1w4J.js",
  "/assets/AboutPart-C_06VEYS.css",
  "/assets/BaseAvatar-CuItfqUx.js",
  "/assets/BaseAvatar-nEkS_zRL.css",
  "/assets/BaseButton-LL71yDrc.css",
  "/assets/BaseButton-QviALzLD.js",
  "/assets/BaseDialog-Ba_l1VBd.css",
  "/assets/BaseDialog-Dp6edf2J.js",
  "/assets/ChatView-CzqxMTyv.js",
  "/assets/ConfirmDialog-cLWKvNLn.css",
  "/assets/ConfirmDialog-DAUp-Of8.js",
  "/assets/ContactsPane-CeSD766Z.js",
  "/assets/ConversationList-CeSD766Z.js",
  "/assets/CropDialog-Bp9bE-_G.css",
  "/assets/CropDialog-CAogyz7A.js",
  "/assets/DevicesPart-Cm0P9EEM.css",
  "/assets/DevicesPart-DSsbfFMk.js",
  "/assets/EmptyState-DYyLO_e8.css",
  "/assets/EmptyState-IC0MjaVP.js",
  "/assets/EndedView-D5ywxJ0r.js",
  "/assets/EndedView-jlVGW3OW.css",
  "/assets/FindView-DHDlzWWR.js",
  "/assets/FrameView-CFh3ofRC.js",
  "/assets/FrameView-CWI2gCiH.css",
  "/assets/GeneralPart-CoiZ-plx.js",
  "/assets/GeneralPart-DlQKwqCR.css",
  "/assets/GroupView-CQ5dxqow.js",
  "/assets/index-B-u8XBfA.js",
  "/assets/index-CNr1KKwH.js",
  "/assets/index-D2xrPMs4.css",
  "/assets/index-DnTNDohH.js",
  "/assets/LoginView-CFtLlvvN.js",
  "/assets/LoginView-lnivYkZM.css",
  "/assets/NothingOpen-BkVO_HIq.js",
  "/assets/NothingOpen-C4dUczsR.css",
  "/assets/NotificationsPart-Cl_0s49H.js",
  "/assets/NotificationsPart-D1BOKnU-.css",
  "/assets/PaneHeader-7n6U0_oj.css",
  "/assets/PaneHeader-CV-pyOys.js",
  "/assets/PasswordPart-D-3V0pHi.css",
  "/assets/PasswordPart-Sq-G7jxZ.js",
  "/assets/PersonView-Y6Qra3RO.js",
  "/assets/phone-DEJTOdxs.js",
  "/assets/ProfilePart-B7thjWYD.js",
  "/assets/ProfilePart-WBNC0Awu.css",
  "/assets/RegisterView-Cgs3kACc.css",
  "/assets/RegisterView-IEL29L3y.js",
  "/assets/RequestsView-CySpB624.js",
  "/assets/rules-D79tdGSL.js",
  "/assets/SegmentedControl-DLRgz3DZ.js",
  "/assets/SegmentedControl-DV7-pXWV.css",
  "/assets/SessionShell-B69EIWad.css",
  "/assets/SessionShell-Boi-12C9.js",
  "/assets/SettingsCard-BEm7j7DZ.css",
  "/assets/SettingsCard-BTxHzElq.js",
  "/assets/SettingsList-CQr1Wx87.css",
  "/assets/SettingsList-D6L_j1EP.js",
  "/assets/SettingsPart-BMUmbwhq.js",
  "/assets/SettingsPart-DVjio63W.css",
  "/assets/Spinner-BOsLfJoh.css",
  "/assets/Spinner-C7sjnI7v.js",
  "/assets/TextField-BYrMX_PT.css",
  "/assets/TextField-C4qWnN6v.js",
  "/assets/ThemeSwitch.vue_vue_type_script_setup_true_lang-BNM3punj.js",
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

self.addEventListener('install', (event) => {
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

/** The newest from the server; what is kept when there is no answer. */
const serverFirst = async (request, keptAs) => {
  const answer = fetch(request)
  // A late failure has nobody left to hear it.
  answer.catch(() => undefined)
  const patience = new Promise((_, reject) => setTimeout(reject, PATIENCE, new Error('the server is slow')))
  try {
    const response = await Promise.race([answer, patience])
    if (response.status < 502 || response.status > 504) return response
    return (await caches.match(keptAs, { ignoreSearch: true })) ?? response
  } catch {
    return (await caches.match(keptAs, { ignoreSearch: true })) ?? answer
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
