// The page's addresses. Views come when they are first asked for.
import { createRouter, createWebHistory, type RouteLocation, type RouteRecordRaw, type Router } from 'vue-router'
import type { Model } from '../model'
import { readKey } from '../model/key'
import { closeByGoingBack } from './goingBack'
import { parts } from './settings/parts'

export type Tab = 'chat' | 'contacts' | 'settings'

declare module 'vue-router' {
  interface RouteMeta {
    /** Which part of the frame it belongs to; none: outside of it. */
    tab?: Tab
    /** What a phone shows of it. */
    pane?: 'list' | 'main'
  }
}

const nothing = () => import('./frame/NothingOpen.vue')
const conversationList = () => import('./conversations/ConversationList.vue')
const contactsPane = () => import('./contacts/ContactsPane.vue')
const settingsList = () => import('./settings/SettingsList.vue')
const settingsPart = () => import('./settings/SettingsPart.vue')

const param = (route: RouteLocation, name: string): string => {
  const value = route.params[name]
  return typeof value === 'string' ? value : ''
}

const chat: RouteRecordRaw[] = [
  { path: 'chat', components: { list: conversationList, default: nothing }, meta: { tab: 'chat', pane: 'list' } },
  {
    path: 'chat/:key',
    components: { list: conversationList, default: () => import('./chat/ChatView.vue') },
    props: { list: false, default: (route) => ({ conversationKey: readKey(param(route, 'key')) }) },
    meta: { tab: 'chat', pane: 'main' },
    beforeEnter: (to) => (readKey(param(to, 'key')) ? true : '/chat'),
  },
]

const contacts: RouteRecordRaw[] = [
  { path: 'contacts', components: { list: contactsPane, default: nothing }, meta: { tab: 'contacts', pane: 'list' } },
  {
    path: 'contacts/requests',
    components: { list: contactsPane, default: () => import('./contacts/RequestsView.vue') },
    meta: { tab: 'contacts', pane: 'main' },
  },
  {
    path: 'contacts/find',
    components: { list: contactsPane, default: () => import('./contacts/FindView.vue') },
    meta: { tab: 'contacts', pane: 'main' },
  },
  {
    path: 'contacts/u/:id',
    components: { list: contactsPane, default: () => import('./contacts/PersonView.vue') },
    props: { list: false, default: (route) => ({ userId: param(route, 'id') }) },
    meta: { tab: 'contacts', pane: 'main' },
  },
  {
    path: 'contacts/g/:id',
    components: { list: contactsPane, default: () => import('./contacts/GroupView.vue') },
    props: { list: false, default: (route) => ({ groupId: param(route, 'id') }) },
    meta: { tab: 'contacts', pane: 'main' },
  },
]

const settings: RouteRecordRaw[] = [
  {
    path: 'settings',
    components: { list: settingsList, default: settingsPart },
    props: { list: false, default: { part: 'profile' } },
    meta: { tab: 'settings', pane: 'list' },
  },
  {
    path: 'settings/:part',
    components: { list: settingsList, default: settingsPart },
    props: { list: false, default: (route) => ({ part: param(route, 'part') }) },
    meta: { tab: 'settings', pane: 'main' },
    beforeEnter: (to) => (parts.includes(param(to, 'part')) ? true : '/settings'),
  },
]

const routes: RouteRecordRaw[] = [
  { path: '/login', component: () => import('./session/LoginView.vue') },
  { path: '/register', component: () => import('./session/RegisterView.vue') },
  { path: '/', component: () => import('./frame/FrameView.vue'), redirect: '/chat', children: [...chat, ...contacts, ...settings] },
  { path: '/:rest(.*)*', redirect: '/chat' },
]

/** Where to go once logged in: only to an address of this page. */
const wayOn = (route: RouteLocation): string => {
  const next = route.query.next
  return typeof next === 'string' && /^\/[^/\\]/.test(next) ? next : '/chat'
}

/** Where this session state has to be instead of there; true: stay. */
export const rightPlace = (model: { session: Pick<Model['session'], 'state'> }, to: RouteLocation): true | { path: string; query?: { next: string } } | string => {
  const state = model.session.state
  if (state === 'out' && to.meta.tab !== undefined) {
    return { path: '/login', ...(to.fullPath === '/chat' ? {} : { query: { next: to.fullPath } }) }
  }
  if (state === 'in' && to.meta.tab === undefined) return wayOn(to)
  return true
}

export const createPageRouter = (model: Model): Router => {
  const history = createWebHistory()
  const router = createRouter({ history, routes })
  closeByGoingBack(router, history)
  router.beforeEach((to) => rightPlace(model, to))
  // Again when the parts of the view are here: by then it may be known who is, too.
  router.beforeResolve((to) => rightPlace(model, to))
  return router
}
