// Tells of new messages that are not in sight: the number in the title, a sound, a notification of the desktop.
import { reactive, watchEffect } from 'vue'
import type { Router } from 'vue-router'
import type { Conversation, Message, Model } from '../../model'
import { i18n } from '../i18n'
import { keepPreference, readPreference } from '../preferences'
import { playTone } from './tone'
import { show, takeWord } from './word'

export type Way = 'title' | 'sound' | 'desktop' | 'preview'

const kept = (way: Way, usual: boolean): boolean => {
  const value = readPreference(`notify.${way}`)
  return value === undefined ? usual : value === 'on'
}

/** What the user wants to be told by, in this browser. `preview`: the desktop sees the text. */
export const ways = reactive<Record<Way, boolean>>({
  title: kept('title', true),
  sound: kept('sound', true),
  desktop: kept('desktop', false),
  preview: kept('preview', true),
})

export const setWay = (way: Way, on: boolean): void => {
  ways[way] = on
  keepPreference(`notify.${way}`, on ? 'on' : 'off')
}

const { t } = i18n.global
const PREVIEW = 160

const textOf = (message: Message): string => {
  if (message.kind === 'image') return t('frame.notify.image')
  if (message.kind === 'file') return t('frame.notify.file')
  if (message.kind === 'voice') return t('frame.notify.voice')
  const text = message.msg.replace(/\s+/g, ' ').trim()
  return text === '' ? t('frame.notify.other') : text.slice(0, PREVIEW)
}

/** Whether the user looks at something else than this tab. */
const isAway = (): boolean => document.hidden || !document.hasFocus()

const showOnDesktop = async (model: Model, conversation: Conversation, message: Message, open: () => void): Promise<void> => {
  const inGroup = conversation.key.startsWith('g:')
  const text = textOf(message)
  const body = !ways.preview
    ? t('frame.notify.newMessage')
    : inGroup
      ? t('frame.notify.text', { name: model.people.name(message.fromUserId, conversation.key.slice(2)), text })
      : text
  const path = `/chat/${conversation.key}`
  const options = { body, tag: conversation.key, icon: '/icon-192.png', silent: true, data: { path } }
  try {
    const notification = new Notification(conversation.title, options)
    notification.addEventListener('click', () => {
      window.focus()
      open()
      notification.close()
    })
  } catch {
    // Phones show them only through the service worker, which answers the touch.
    const registration = await navigator.serviceWorker?.ready
    await registration?.showNotification(conversation.title, options)
  }
}

export const startNotifications = (model: Model, router: Router): void => {
  const inSight = (conversation: Conversation): boolean =>
    !isAway() && router.currentRoute.value.params.key === conversation.key

  const tell = async (conversation: Conversation, message: Message): Promise<void> => {
    if (inSight(conversation)) return show(conversation.key, message.id)
    // The tab that has the focus goes first.
    if (conversation.muted || !(await takeWord(conversation.key, message.id, isAway() ? 120 : 40))) return
    if (ways.sound) void playTone().catch(() => undefined)
    if (ways.desktop && isAway() && 'Notification' in window && Notification.permission === 'granted') {
      await showOnDesktop(model, conversation, message, () => void router.push(`/chat/${conversation.key}`))
    }
  }
  model.conversations.onNews((conversation, message) => {
    tell(conversation, message).catch(() => undefined)
  })

  navigator.serviceWorker?.addEventListener('message', (event: MessageEvent<{ open?: unknown }>) => {
    if (typeof event.data.open === 'string' && event.data.open.startsWith('/chat/')) void router.push(event.data.open)
  })

  watchEffect(() => {
    const unread = model.session.state === 'in' ? model.conversations.unread : 0
    const name = t('frame.name')
    document.title = unread > 0 && ways.title ? `(${unread > 99 ? '99+' : unread}) ${name}` : name
    // The sign on the icon of an installed page.
    const badge = unread > 0 && ways.title ? navigator.setAppBadge?.(unread) : navigator.clearAppBadge?.()
    badge?.catch(() => undefined)
  })
}
